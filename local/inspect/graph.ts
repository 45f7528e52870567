import { html, type Markup } from '../mailbox/page.ts';
import type { Edge, ExecutionView, Place } from './execution.ts';

const WIDTH = 168;
const HEIGHT = 40;
const GAP = { x: 28, y: 44 };

interface Box extends Place {
  x: number;
  y: number;
}

/** The machine as a picture: the way that was taken in bold, where it stands marked, catches only where they were taken. */
export function graph({ places, edges, start }: Pick<ExecutionView, 'places' | 'edges' | 'start'>): Markup {
  const shown = edges.filter(({ isCatch, isTaken }) => !isCatch || isTaken);
  const reached = reachable(start, shown);
  const boxes = placed(
    places.filter(({ name }) => reached.has(name)),
    shown,
    start,
  );
  const at = new Map(boxes.map((box) => [box.name, box]));
  const width = Math.max(...boxes.map(({ x }) => x)) + WIDTH + GAP.x * 2;
  const height = Math.max(...boxes.map(({ y }) => y)) + HEIGHT + GAP.y / 2;
  return html`<svg role="img" aria-label="State graph" viewBox="0 0 ${width} ${height}" style="max-width:${width}px" class="graph">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto-start-reverse"><path d="M0 0 8 4 0 8z" fill="context-stroke"/></marker></defs>
${shown.map((edge) => line(edge, at))}
${boxes.map(box)}</svg>`;
}

function reachable(start: string, edges: Edge[]): Set<string> {
  const reached = new Set([start]);
  for (const name of reached) for (const { from, to } of edges) if (from === name) reached.add(to);
  return reached;
}

/** Layers by the longest way from the start, loops left out; each state below the middle of those that lead to it. */
function placed(places: Place[], edges: Edge[], start: string): Box[] {
  const layers = layersOf(places, forward(edges, start), start);
  const column = new Map<string, number>();
  const boxes: Box[] = [];
  for (const [depth, layer] of layers.entries()) {
    const middle = ({ name }: Place) => {
      const above = edges
        .filter(({ to, from }) => to === name && column.has(from))
        .map(({ from }) => column.get(from) ?? 0);
      return above.length > 0 ? above.reduce((sum, one) => sum + one, 0) / above.length : 0;
    };
    const wanted = layer.map((one) => ({ one, x: middle(one) })).sort((a, b) => a.x - b.x);
    let next = Number.NEGATIVE_INFINITY;
    for (const { one, x } of wanted) {
      const own = Math.max(x, next);
      next = own + 1;
      column.set(one.name, own);
      boxes.push({ ...one, x: own, y: 0 });
    }
    for (const box of boxes)
      if (layer.some(({ name }) => name === box.name)) box.y = GAP.y / 4 + depth * (HEIGHT + GAP.y);
  }
  const left = Math.min(...boxes.map(({ x }) => x));
  return boxes.map((one) => ({ ...one, x: GAP.x / 2 + (one.x - left) * (WIDTH + GAP.x) }));
}

/** Edges without those that close a loop, found by walking depth first. */
function forward(edges: Edge[], start: string): Edge[] {
  const kept: Edge[] = [];
  const open = new Set<string>();
  const done = new Set<string>();
  const walk = (name: string): void => {
    open.add(name);
    for (const edge of edges.filter(({ from }) => from === name)) {
      if (open.has(edge.to)) continue;
      kept.push(edge);
      if (!done.has(edge.to)) walk(edge.to);
    }
    open.delete(name);
    done.add(name);
  };
  walk(start);
  return kept;
}

function layersOf(places: Place[], edges: Edge[], start: string): Place[][] {
  const depth = new Map([[start, 0]]);
  for (let isChanged = true; isChanged; ) {
    isChanged = false;
    for (const { from, to } of edges) {
      const below = (depth.get(from) ?? -1) + 1;
      if (below === 0 || below <= (depth.get(to) ?? -1)) continue;
      depth.set(to, below);
      isChanged = true;
    }
  }
  const layers: Place[][] = [];
  for (const one of places) {
    const own = depth.get(one.name) ?? 0;
    layers[own] = [...(layers[own] ?? []), one];
  }
  return Array.from(layers, (layer) => layer ?? []);
}

function line({ from, to, isTaken, isCatch }: Edge, at: Map<string, Box>): Markup {
  const [one, other] = [at.get(from), at.get(to)];
  if (!one || !other) return html``;
  const kind = `${isTaken ? 'taken' : 'open'}${isCatch ? ' catch' : ''}`;
  return html`<path class="${kind}" d="${one.y < other.y ? down(one, other) : back(one, other)}" marker-end="url(#tip)"/>`;
}

function down(one: Box, other: Box): string {
  const [x1, y1, x2, y2] = [one.x + WIDTH / 2, one.y + HEIGHT, other.x + WIDTH / 2, other.y];
  const bend = Math.max(16, (y2 - y1) / 2);
  return `M${x1} ${y1}C${x1} ${y1 + bend} ${x2} ${y2 - bend} ${x2} ${y2}`;
}

/** A loop goes up beside the boxes. */
function back(one: Box, other: Box): string {
  const x = Math.max(one.x, other.x) + WIDTH;
  const [y1, y2] = [one.y + HEIGHT / 2, other.y + HEIGHT / 2];
  return `M${one.x + WIDTH} ${y1}C${x + 40} ${y1} ${x + 40} ${y2} ${other.x + WIDTH} ${y2}`;
}

const MARK = { untouched: '', done: '✓', now: '●', failed: '✗' };

function box({ name, type, status, entered, retried, x, y }: Box): Markup {
  const more = [
    type,
    ...(entered > 1 ? [`${entered}×`] : []),
    ...(retried > 0 ? [`${retried} retried`] : []),
  ].join(' · ');
  return html`<g class="state ${status}"><title>${name}: ${status === 'now' ? 'here now' : status}, ${more}</title><rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="8"/><text x="${x + 10}" y="${y + 17}">${MARK[status]} ${name.slice(0, 22)}</text><text class="small" x="${x + 10}" y="${y + 32}">${more}</text></g>`;
}

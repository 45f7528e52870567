import { Graph, layout } from '@dagrejs/dagre';
import { html, type Markup } from '../mailbox/page.ts';
import type { Edge, ExecutionView, Place } from './execution.ts';

const WIDTH = 190;
const HEIGHT = 42;
const MARGIN = 16;

interface Point {
  x: number;
  y: number;
}

type Drawn = Pick<ExecutionView, 'places' | 'edges' | 'start'>;

/** The machine as a picture: the way that was taken in bold, where it stands marked, catches only where they were taken. */
export function graph({ places, edges, start }: Drawn): Markup {
  const shown = edges.filter(({ isCatch, isTaken }) => !isCatch || isTaken);
  const drawing = laidOut({ places, edges: shown, start });
  const { width = 0, height = 0 } = drawing.graph();
  const lines = shown
    .toSorted((a, b) => Number(a.isTaken) - Number(b.isTaken))
    .flatMap((edge) => {
      const points = drawing.edge(edge.from, edge.to)?.points;
      return points ? [line(edge, points)] : [];
    });
  const boxes = places.flatMap((place) =>
    drawing.hasNode(place.name) ? [box(place, drawing.node(place.name))] : [],
  );
  return html`<svg role="img" aria-label="State graph" viewBox="0 0 ${width} ${height}" width="${width}" class="graph">
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerUnits="userSpaceOnUse" markerWidth="10" markerHeight="10" orient="auto"><path d="M0 0 8 4 0 8z"/></marker></defs>
${lines}
${boxes}</svg>`;
}

/** In layers from the start; the way that was taken runs straight. */
function laidOut({ places, edges, start }: Drawn) {
  const drawing = new Graph().setGraph({ marginx: MARGIN, marginy: MARGIN, nodesep: 24, ranksep: 34 });
  const reached = reachedFrom(start, edges);
  for (const { name } of places.filter((place) => reached.has(place.name)))
    drawing.setNode(name, { width: WIDTH, height: HEIGHT });
  for (const { from, to, isTaken } of edges.filter((edge) => reached.has(edge.from)))
    drawing.setEdge(from, to, { weight: isTaken ? 8 : 1 });
  layout(drawing);
  return drawing;
}

function reachedFrom(start: string, edges: Edge[]): Set<string> {
  const reached = new Set([start]);
  for (const name of reached) for (const { to } of edges.filter(({ from }) => from === name)) reached.add(to);
  return reached;
}

function line({ from, to, isTaken, isCatch }: Edge, points: Point[]): Markup {
  const kind = `${isTaken ? 'taken' : 'open'}${isCatch ? ' catch' : ''}`;
  return html`<path class="${kind}" d="${curve(points)}" marker-end="url(#tip)"><title>${from} → ${to}</title></path>`;
}

/** Through the points, rounded at each of them. */
function curve(points: Point[]): string {
  const [first, ...rest] = points as [Point, ...Point[]];
  const last = rest.pop() as Point;
  const bends = rest.map((point, at) => {
    const next = rest[at + 1] ?? last;
    return `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return `M${first.x} ${first.y}${bends.join('')}L${last.x} ${last.y}`;
}

const MARK = { untouched: '', done: '✓ ', now: '● ', failed: '✗ ' };

function box({ name, type, status, entered, retried }: Place, middle: Point): Markup {
  const more = [
    type,
    ...(entered > 1 ? [`${entered}×`] : []),
    ...(retried > 0 ? [`${retried} retried`] : []),
  ].join(' · ');
  const [x, y] = [middle.x - WIDTH / 2, middle.y - HEIGHT / 2];
  const label = name.length > 25 ? `${name.slice(0, 24)}…` : name;
  return html`<g class="state ${status}"><title>${name}: ${status === 'now' ? 'here now' : status}, ${more}</title><rect x="${x}" y="${y}" width="${WIDTH}" height="${HEIGHT}" rx="8"/><text x="${x + 10}" y="${y + 18}">${MARK[status]}${label}</text><text class="small" x="${x + 10}" y="${y + 33}">${more}</text></g>`;
}

import { fileURLToPath } from 'node:url';
import { Duration } from 'aws-cdk-lib';
import { Architecture, type CfnFunction, Runtime } from 'aws-cdk-lib/aws-lambda';
import { type BundlingOptions, NodejsFunction, OutputFormat } from 'aws-cdk-lib/aws-lambda-nodejs';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { BUNDLE } from './bundle.ts';

const root = fileURLToPath(new URL('..', import.meta.url));

export interface HandlerProps<Env extends Record<string, string | undefined>> {
  /** Path under `functions/`, without extension: `http/github-webhook`. */
  entry: string;
  /** Typed by the function's own `Env` export, so a missing variable fails the build. */
  env: Env;
  timeout?: Duration;
  /** MB. Lambda gives a whole processor from 1,769 on. */
  memory?: number;
  /** Files copied into the bundle, by path from the repository's root. */
  files?: string[];
}

/** How every Lambda in this product is built. The entry is kept as metadata so the local runtime can find its source. */
export class Handler<Env extends Record<string, string | undefined>> extends NodejsFunction {
  constructor(
    scope: Construct,
    id: string,
    { entry, env, timeout, memory = 512, files = [] }: HandlerProps<Env>,
  ) {
    const source = `functions/${entry}.ts`;
    super(scope, id, {
      entry: `${root}${source}`,
      projectRoot: root,
      depsLockFilePath: `${root}package-lock.json`,
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memory,
      timeout: timeout ?? Duration.seconds(30),
      environment: { ...definedOnly(env), NODE_OPTIONS: '--enable-source-maps' },
      bundling: bundling(files),
      logGroup: new LogGroup(scope, `${id}Logs`, { retention: RetentionDays.ONE_MONTH }),
    });
    (this.node.defaultChild as CfnFunction).addMetadata('source', source);
  }
}

function bundling(files: string[]): BundlingOptions {
  const alias = Object.entries(BUNDLE.alias).map(([from, to]) => [`--alias:${from}`, to]);
  return {
    format: BUNDLE.format === 'cjs' ? OutputFormat.CJS : OutputFormat.ESM,
    minify: BUNDLE.minify,
    sourceMap: true,
    sourcesContent: false,
    mainFields: BUNDLE.mainFields,
    bundleAwsSDK: true,
    esbuildArgs: { ...Object.fromEntries(alias), '--conditions': BUNDLE.conditions.join(',') },
    commandHooks: {
      beforeInstall: () => [],
      beforeBundling: () => [],
      afterBundling: (input, output) =>
        files.map((file) => `mkdir -p ${output}/${file} && cp -R ${input}/${file}/. ${output}/${file}`),
    },
  };
}

function definedOnly(env: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined),
  );
}

// Makes `x.wasm.ts` of each `x.wat` below src/: the module as a constant, so that nothing is compiled or looked for at run time.
// With --check nothing is written; the exit code is 1 if one is not what its source says.
import { existsSync, readFileSync, writeFileSync, globSync } from 'node:fs';
import { join } from 'node:path';
import wabt from 'wabt';

const { parseWat } = await wabt();
const home = join(import.meta.dirname, '..');
const check = process.argv.includes('--check');

for (const source of globSync('src/**/*.wat', { cwd: home })) {
  const module = parseWat(source, readFileSync(join(home, source), 'utf8'), { simd: true });
  const bytes = Buffer.from(module.toBinary({}).buffer).toString('base64');
  const lines = bytes.match(/.{1,110}/g).map((line) => `  '${line}',`);
  const name = source.split(/[\\/]/).at(-1);
  const text = `/** Made from ${name} by \`npm run wasm\`. */
export const wasm: string = [
${lines.join('\n')}
].join('');
`;
  const target = join(home, source.replace(/\.wat$/, '.wasm.ts'));
  if (existsSync(target) && readFileSync(target, 'utf8') === text) continue;
  if (check) {
    console.error(`${target} is not what ${source} says: run npm run wasm`);
    process.exitCode = 1;
  } else {
    writeFileSync(target, text);
    console.log(target);
  }
}

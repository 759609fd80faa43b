// run.mjs - the fault table: every row of rows/, or those with an argument in their names.
import { readdirSync } from 'node:fs';
import { close, runRow } from './lib/row.mjs';

const here = new URL('.', import.meta.url);
const kinds = [];
for (const name of readdirSync(new URL('rows/', here)).filter((file) => file.endsWith('.mjs')).sort())
    kinds.push(await import(new URL(`rows/${name}`, here)));
const rows = kinds.flatMap((kind) => kind.rows);
const wanted = process.argv.slice(2);
const chosen = wanted.length ? rows.filter(({ name }) => wanted.some((part) => name.includes(part))) : rows;
if (!chosen.length) {
    console.error('run: no row has such a name.');
    process.exit(2);
}

console.log('| fault | what clients saw | lost | well again after |\n|---|---|---|---|');
const faults = [];
for (const row of chosen) {
    const { name, saw, lost, well, fault } = await runRow(row);
    console.log(`| ${name} | ${saw || '-'} | ${lost || 'nothing'} | ${well || '-'} |`);
    if (fault) {
        faults.push(name);
        console.error(`FAIL ${name}: ${fault}`);
    }
}
const left = await close();
for (const kind of kinds) await kind.end?.();
if (left) {
    faults.push('the end');
    console.error(`FAIL left behind at the end: ${left}`);
}
process.exit(faults.length ? 1 : 0);

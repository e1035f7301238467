// events.mjs DOCUMENT: what AsyncAPI's own parser says of the document of events, and how many messages it has.
import { readFile } from 'node:fs/promises';
import { Parser } from '@asyncapi/parser';

const { document, diagnostics } = await new Parser().parse(await readFile(process.argv[2], 'utf8'));
const [error, warning] = [0, 1];
const faults = diagnostics.filter((d) => d.severity === error || d.severity === warning);
console.log(JSON.stringify({
  version: document?.version(),
  messages: document?.messages().all().map((m) => m.name() ?? m.id()) ?? [],
  faults: faults.map((d) => `${d.code} ${d.path.join('.')}: ${d.message}`),
}));

// journey.mjs ADDRESS TOKEN DOMAIN: runs the compiled journey and prints what came of it.
import { journey } from './out/journey.js';

console.log(JSON.stringify(await journey(...process.argv.slice(2))));

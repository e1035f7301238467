// lint.mjs DOCUMENT CONFIGURATION: what the linter says of an OpenAPI document, as JSON lines.
import { lint, loadConfig } from '@redocly/openapi-core';

const [document, configuration] = process.argv.slice(2);
const config = await loadConfig({ configPath: configuration });
for (const problem of await lint({ ref: document, config })) {
  if (problem.ignored) continue;
  const [place] = problem.location;
  console.log(`${problem.severity} ${problem.ruleId} ${place.pointer ?? ''}: ${problem.message}`);
}

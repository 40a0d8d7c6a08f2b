// VS Code's JSON language service as an editor would run it: one question a line on standard input, one answer a
// line on standard output. Argument: the folder in which npm installed the service.
const { createRequire } = require("node:module");
const { readFile } = require("node:fs/promises");
const { createInterface } = require("node:readline");
const { join } = require("node:path");

const installed = createRequire(join(process.argv[2], "package.json"));
const { getLanguageService, TextDocument } = installed("vscode-json-languageservice");

const service = getLanguageService({
  // The document's own `$schema` leads to the schema; nothing is configured.
  schemaRequestService: (uri) => readFile(new URL(uri), "utf8"),
  workspaceContext: { resolveRelativePath: (path, base) => new URL(path, base).href },
});

const answer = {
  messages: (document, tree) => service.doValidation(document, tree),
  completions: async (document, tree, position) => (await service.doComplete(document, position, tree)).items,
  hover: (document, tree, position) => service.doHover(document, position, tree),
};

(async () => {
  for await (const line of createInterface({ input: process.stdin })) {
    const { question, uri, text, position } = JSON.parse(line);
    const document = TextDocument.create(uri, "json", 1, text);
    const found = await answer[question](document, service.parseJSONDocument(document), position);
    process.stdout.write(JSON.stringify(found ?? null) + "\n");
  }
})();

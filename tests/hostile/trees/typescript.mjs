// Reads paths from standard input; answers with a line of JSON for each: the nodes of
// its tree in order with every string empty, and the decoded strings.

import { createRequire } from "node:module";
import { readFileSync } from "node:fs";
import { join } from "node:path";

const require = createRequire(join(process.argv[2], "tools/package.json"));
const ts = require("typescript");

for (const path of readFileSync(0, "utf8").split("\n").filter(Boolean)) {
  process.stdout.write(`${JSON.stringify(read(path))}\n`);
}

function read(path) {
  const text = readFileSync(path, "utf8");
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.ES2022, true);
  for (const fault of source.parseDiagnostics) {
    throw new Error(`${path}: ${ts.flattenDiagnosticMessageText(fault.messageText, " ")}`);
  }
  // Such comments are instructions, wherever they come from.
  if (source.checkJsDirective || source.commentDirectives?.length || source.referencedFiles.length) {
    throw new Error(`${path}: a comment directs the compiler`);
  }
  const tree = [];
  const strings = new Set();
  visit(source, tree, strings);
  return { tree, strings: [...strings] };
}

function visit(node, tree, strings) {
  if (ts.isStringLiteral(node) || ts.isNoSubstitutionTemplateLiteral(node)) {
    tree.push(ts.isStringLiteral(node) ? "string" : "template");
    strings.add(node.text);
    return;
  }
  tree.push(ts.SyntaxKind[node.kind]);
  if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) tree.push(node.text);
  else if (ts.isTemplateHead(node) || ts.isTemplateMiddleOrTemplateTail(node)) strings.add(node.text);
  else if (node.kind === ts.SyntaxKind.RegularExpressionLiteral) tree.push(node.text);
  else if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) tree.push(node.text);
  ts.forEachChild(node, (child) => visit(child, tree, strings));
  tree.push(")");
}

// Builds webmail/static: bundles, hashed names, an icon sprite and a manifest. The same sources give the same octets.
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, "..", "..");
const out = process.argv[2] ?? join(here, "..", "static");
const sha = (data) => createHash("sha256").update(data).digest("hex");

const ICONS = [
  "archive", "arrow-left", "badge", "building-2", "chart-column", "clock", "code", "ellipsis", "file-pen-line", "file-up", "folder", "folder-input", "folder-plus", "forward", "glasses", "inbox",
  "key-round", "link", "list", "list-ordered", "lock", "lock-open", "log-out", "mail", "mail-open", "mail-warning", "menu", "messages-square", "octagon-alert",
  "paperclip", "printer", "remove-formatting", "reply", "reply-all", "save", "scroll-text", "search", "send", "shield-check", "sliders-horizontal",
  "square-pen", "star", "text-quote", "trash-2", "type", "user-plus", "users", "x",
];

async function sprite() {
  const symbols = [];
  for (const name of ICONS) {
    const svg = await readFile(join(root, "node_modules", "lucide-static", "icons", `${name}.svg`), "utf8");
    const inner = svg.slice(svg.indexOf(">", svg.indexOf("<svg")) + 1, svg.lastIndexOf("</svg>")).replace(/\s+/g, " ").trim();
    symbols.push(`<symbol id="${name}" viewBox="0 0 24 24">${inner}</symbol>`);
  }
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

const result = await build({
  absWorkingDir: root,
  entryPoints: { main: join(here, "main.ts"), security: join(here, "security.ts") },
  outdir: out,
  bundle: true,
  splitting: true,
  format: "esm",
  minify: true,
  charset: "utf8",
  target: ["es2022", "chrome109", "firefox115", "safari16"],
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  legalComments: "none",
  // Private members of Squire; htmx reads its own `_htmx` and `_loc` from outside, DOMPurify `_invoke`.
  mangleProps: /^_/,
  reserveProps: /^_(htmx|loc|invoke)$/,
  metafile: true,
  write: false, // nothing is removed before everything is built
});
const entries = {};
for (const [path, output] of Object.entries(result.metafile.outputs)) {
  if (output.entryPoint) entries[output.entryPoint.endsWith("main.ts") ? "main.js" : basename(output.entryPoint).replace(/\.ts$/, ".js")] = basename(path);
}
const style = async (name) =>
  (await build({ entryPoints: [join(here, name)], bundle: true, minify: true, write: false, charset: "utf8", target: ["chrome120"] })).outputFiles[0].contents;
await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
for (const file of result.outputFiles) await writeFile(join(out, basename(file.path)), file.contents);
const loose = {
  "main.css": await style("main.css"), "console.css": await style("console.css"), "security.css": await style("security.css"), "desk.css": await style("desk.css"),
  "icons.svg": Buffer.from(await sprite()), "seal.svg": await readFile(join(here, "seal.svg")) };
for (const [name, data] of Object.entries(loose)) {
  const [stem, suffix] = name.split(".");
  entries[name] = `${stem}-${sha(data).slice(0, 10)}.${suffix}`;
  await writeFile(join(out, entries[name]), data);
}
const licences = [];
for (const name of ["htmx.org", "squire-rte", "dompurify", "lucide-static"]) {
  const { version, license } = JSON.parse(await readFile(join(root, "node_modules", name, "package.json"), "utf8"));
  const text = await readFile(join(root, "node_modules", name, "LICENSE"), "utf8");
  licences.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
}
await writeFile(join(out, "LICENSES.txt"), licences.join("\n----\n\n"));
const files = {};
for (const name of (await readdir(out)).sort()) files[name] = sha(await readFile(join(out, name)));
const sources = {};
for (const name of (await readdir(here)).sort()) sources[`webmail/assets/${name}`] = sha(await readFile(join(here, name)));
sources["package-lock.json"] = sha(await readFile(join(root, "package-lock.json")));
const sorted = Object.fromEntries(Object.entries(entries).sort());
await writeFile(join(out, "manifest.json"), `${JSON.stringify({ entries: sorted, files, sources }, null, 1)}\n`);

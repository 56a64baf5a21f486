// Bundles main.css into <folder>/tributary.css and lays the fonts beside it: `node build.mjs <folder>`.
import { bundle } from "lightningcss";
import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const folder = process.argv[2];
mkdirSync(folder, { recursive: true });

// Versions as lightningcss wants them: major << 16 | minor << 8.
const targets = { chrome: 111 << 16, firefox: 114 << 16, safari: (16 << 16) | (4 << 8) };
const { code, warnings } = bundle({ filename: join(here, "main.css"), minify: true, targets });
if (warnings.length > 0) {
  throw new Error(warnings.map(({ message, loc }) => `${loc.filename}:${loc.line}: ${message}`).join("\n"));
}
writeFileSync(join(folder, "tributary.css"), code);

// Latin for nearly everyone; the browser fetches the other only for letters that need it (unicode-range).
for (const subset of ["latin", "latin-ext"]) {
  const font = join(here, `node_modules/@fontsource-variable/inter/files/inter-${subset}-wght-normal.woff2`);
  copyFileSync(font, join(folder, `inter-${subset}.woff2`));
}

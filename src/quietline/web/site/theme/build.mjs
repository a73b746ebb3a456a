// Compiles scss/quietline.scss and gathers the few images it names, and the type of PDFs into web/papers/fonts (not served).
// Called by build.sh with the output directory.
import { copyFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import * as sass from "sass";

const out = process.argv[2];
const uswds = "node_modules/@uswds/uswds";
const fresh = `${out}.new`;
rmSync(fresh, { recursive: true, force: true });
mkdirSync(fresh, { recursive: true });

const compiled = sass.compile("scss/quietline.scss", {
  loadPaths: [`${uswds}/packages`],
  style: "compressed",
  sourceMap: false,
  quietDeps: true,
});
// The manifest storage of Django follows sourceMappingURL lines, and there is no map to follow.
const css = compiled.css.replace(/\/\*# sourceMappingURL=[^*]*\*\//g, "");
writeFileSync(join(fresh, "quietline.css"), css);

// Exactly the images that the style sheet names.
for (const path of new Set([...css.matchAll(/url\("?(img\/[^")]+)"?\)/g)].map((found) => found[1]))) {
  mkdirSync(dirname(join(fresh, path)), { recursive: true });
  copyFileSync(join(uswds, "dist", path), join(fresh, path));
}

// One sprite with the icons that pages use, by the names of USWDS.
const names = readFileSync("icons.txt", "utf8").split("\n").map((l) => l.trim()).filter((l) => l && !l.startsWith("#"));
const symbols = names.map((name) => {
  const svg = readFileSync(join(uswds, "dist/img/usa-icons", `${name}.svg`), "utf8");
  const viewBox = /viewBox="([^"]+)"/.exec(svg)?.[1] ?? "0 0 24 24";
  const inner = svg.replace(/^[\s\S]*?<svg[^>]*>/, "").replace(/<\/svg>\s*$/, "");
  return `<symbol id="${name}" viewBox="${viewBox}">${inner}</symbol>`;
});
writeFileSync(join(fresh, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
copyFileSync("assets/mark.svg", join(fresh, "mark.svg"));

// The type that PDFs are set in, Latin and Chinese, with its licence; TrueType, as Typst wants it.
const fonts = "../../papers/fonts";
const noto = "node_modules/@expo-google-fonts/noto-sans-sc";
mkdirSync(fonts, { recursive: true });
for (const weight of ["400Regular", "700Bold"]) {
  const name = `NotoSansSC_${weight}.ttf`;
  copyFileSync(join(noto, weight, name), join(fonts, `${name}.new`));
  renameSync(join(fonts, `${name}.new`), join(fonts, name));
}
copyFileSync(join(noto, "LICENSE_FONT"), join(fonts, "OFL.txt"));

// A server that reads the old files meanwhile sees them until the new ones are whole.
rmSync(out, { recursive: true, force: true });
renameSync(fresh, out);
console.log(`quietline.css ${Math.round(css.length / 1024)} kB, ${names.length} icons -> ${out}`);

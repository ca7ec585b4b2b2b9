// Builds the kit: one style sheet and one script, into the kit's static folder (git-ignored).
import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = dirname(fileURLToPath(import.meta.url));
const out = join(here, "..", "src", "kamao", "portals", "kit", "static", "kit", "dist");
rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });

await build({
  entryPoints: { kit: join(here, "src", "kit.js") },
  bundle: true,
  minify: true,
  target: ["es2020"],
  format: "iife",
  legalComments: "none",
  outdir: out,
});

const tailwind = spawnSync(
  process.execPath,
  [
    join(here, "node_modules", "@tailwindcss", "cli", "dist", "index.mjs"),
    "--input", join(here, "src", "kit.css"),
    "--output", join(out, "kit.css"),
    "--minify",
  ],
  { cwd: here, stdio: "inherit" },
);
if (tailwind.status !== 0) process.exit(tailwind.status ?? 1);
cpSync(join(here, "src", "theme.js"), join(out, "theme.js"));

// Optimises WebAssembly modules for size, in place: `node style/optimise.mjs <module>…`. One process for all of them:
// to start binaryen takes longer than most modules do.
import binaryen from "binaryen";
import { readFileSync, writeFileSync } from "node:fs";

// What the Rust compiler may use for this target, and every browser since 2023 knows.
const known = ["BulkMemory", "BulkMemoryOpt", "Multivalue", "MutableGlobals", "NontrappingFPToInt", "ReferenceTypes", "SignExt"];
const features = known.reduce((all, name) => all | binaryen.Features[name], binaryen.Features.MVP);

binaryen.setOptimizeLevel(2);
binaryen.setShrinkLevel(2);
binaryen.setDebugInfo(false);
for (const file of process.argv.slice(2)) {
  const module = binaryen.readBinary(readFileSync(file));
  module.setFeatures(features);
  module.optimize();
  module.runPasses(["strip-debug", "strip-producers", "strip-target-features"]);
  writeFileSync(file, module.emitBinary());
  module.dispose();
}

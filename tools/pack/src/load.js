// By name, the modules that each bundle holds, and the modules that run: as promises.
const bundles = {};
const running = {};

// What fails is forgotten, so that the next use tries again.
function once(known, name, make) {
    known[name] ??= make().catch((error) => {
        delete known[name];
        throw error;
    });
    return known[name];
}

async function read(name) {
    const answer = await fetch(new URL(`./${name}.bin`, import.meta.url));
    if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
    const bytes = await answer.arrayBuffer();
    let at = 4 + new DataView(bytes).getUint32(0, true);
    const table = JSON.parse(new TextDecoder().decode(new Uint8Array(bytes, 4, at - 4)));
    return table.map(([module, length]) => [module, new Uint8Array(bytes, (at += length) - length, length)]);
}

function run(modules) {
    const start = ([name, bytes]) => once(running, name, () => WebAssembly.instantiate(bytes, getSharedImports()));
    return Promise.all(modules.map(start));
}

// A part's own module needs those that it shares with others.
function load(names) {
    const isOwn = ([name]) => name.startsWith("split_");
    return wrapAsyncCb(async () => {
        const modules = (await Promise.all(names.map((name) => once(bundles, name, () => read(name))))).flat();
        await run(modules.filter((module) => !isOwn(module)));
        await run(modules.filter(isOwn));
    });
}


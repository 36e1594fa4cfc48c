/** Writes pairs for ever, and tells its parent which is durable; to be killed. */
const [module, folder, url] = process.argv.slice(2);
const { OperatorStore } = await import(module);
const store = await OperatorStore.open(folder, url === "" ? undefined : url);
for (let n = (store.peers.get("one")?.ind ?? 0) + 1; ; n++) {
	store.atomically(() => {
		store.peers.put("one", { ind: n });
		store.peers.put("other", { ind: n });
	});
	if (n % 3 === 0) await new Promise((resolve) => setTimeout(resolve, 1));
	await store.durable();
	process.send?.(n);
}

import { join } from "node:path";
import { serviceCentreOf } from "../../../host/wire/push/delivery.ts";
import { contentTypes } from "../../../host/wire/radio/short-messages.ts";
import { emit } from "../../../host/wire/report/events.ts";
import { STAFF } from "../shared/access.ts";
import { toPem } from "../shared/certificates.ts";
import { type Element, runElement } from "../shared/element.ts";
import { serveJson, serveMutualTls } from "../shared/http.ts";
import { Ports } from "../shared/ports.ts";
import { Refusal } from "../shared/refusal.ts";
import { currentShoRoutes } from "./api/as-current.ts";
import { newShoRoutes } from "./api/as-new.ts";
import { factoryRoutes } from "./api/factory.ts";
import { type OperatorConfig, readOperatorConfig } from "./config.ts";
import { apiHost, dpfHost, openContext } from "./context.ts";
import { Provisioning } from "./dpf/provisioning.ts";
import { serveDpf } from "./dpf/server.ts";
import { Drf } from "./drf/drf.ts";
import { FirmwareDesk } from "./firmware/desk.ts";
import { GsupFront } from "./hss/front.ts";
import type { Hlr } from "./hss/hlr.ts";
import { homeRoutes } from "./hss/home.ts";
import { HomeStore } from "./hss/home-store.ts";
import { OsmoHlr } from "./hss/osmo/osmo-hlr.ts";
import { OwnHlr } from "./hss/own-hlr.ts";
import { type Receive, ShortMessageCentre } from "./hss/smsc.ts";
import { Metrics } from "./operations/metrics.ts";
import { healthOf, serveOperations } from "./operations/server.ts";
import { Courier } from "./peer/courier.ts";
import { portalRoutes } from "./portal/portal.ts";
import { Registrar } from "./registration/registrar.ts";

const startOsmoHlr = ({ folder, shoId }: OperatorConfig, home: HomeStore): Promise<Hlr> =>
	OsmoHlr.start(join(folder, "osmo-hlr"), home, (why) =>
		emit({ event: "problem", what: `osmo-hlr of ${shoId} has ended (${why}); it is started again` }),
	);

/** One operator: HSS, DRF, DPF, portal and operator-to-operator API live and die together. */
export async function startOperator(content: unknown): Promise<Element> {
	const config = readOperatorConfig(content);
	const context = await openContext(config);
	const { registry, keys } = context;
	const courier = new Courier(context);
	const registrar = new Registrar(context, courier);
	const drf = new Drf(context, courier, async (imsi, tpdu) => {
		try {
			await front.deliver(imsi, tpdu);
			metrics.segment("delivered");
		} catch (error) {
			metrics.segment("failed");
			throw error;
		}
	});
	const provisioning = new Provisioning(context, (treId) => drf.changed(treId));
	const firmware = new FirmwareDesk(context, (treId) => drf.changed(treId));
	const received: Receive = async (imsi, contentType, body) => {
		if (contentType !== contentTypes.receipt) throw new Refusal("content-type", `${contentType} is not taken here`);
		const document = body.toString("utf8");
		if (drf.serves(imsi)) drf.takeReceipt(imsi, document);
		else await provisioning.takeReceiptOnTrial(imsi, document);
	};
	const counted: Receive = async (...message) => {
		try {
			await received(...message);
			metrics.uplink("taken");
		} catch (error) {
			metrics.uplink("refused");
			throw error;
		}
	};
	const home = new HomeStore(context.store);
	const hlr: Hlr = config.hlr === "osmo-hlr" ? await startOsmoHlr(config, home) : new OwnHlr(home, config);
	const front: GsupFront = new GsupFront({
		hlr,
		locations: home,
		centre: new ShortMessageCentre(serviceCentreOf(config.shoId), counted),
		agreements: config.agreements,
		located: (imsi) => drf.located(imsi),
		durable: () => context.store.durable(),
		answered: (...counted) => metrics.request(...counted),
	});
	const metrics = new Metrics(config.shoId, context.store, () => front.peers());
	const contracted = () => [
		...registry.content.operators.map((entry) => ({ name: entry.shoId, certificate: entry.certificate })),
		...registry.pvas().map((entry) => ({ name: entry.pvaId, certificate: entry.certificate })),
	];
	// Before anything new is written: letters go in the order in which they were.
	courier.resume();
	const settled = () => context.store.durable();
	const ports = new Ports(config.folder);
	const at = (service: string) => ({ ports, service });
	const gsup = await front.listen(at("gsup"));
	const operations = await serveOperations(
		metrics,
		() => healthOf(context, hlr.failing),
		context.store,
		at("operations"),
		{ anybody: true, tokens: { [STAFF]: config.access.staff } },
	);
	const services = { connected: (imsi: string) => drf.connected(imsi), deliver: front.deliver.bind(front) };
	const { staff, networks } = config.access;
	const tokens = { [STAFF]: staff, ...networks };
	const gateway = await serveJson(homeRoutes(context, services), at("home"), { anybody: false, tokens }, settled);
	const subscribers = { anybody: true, tokens: { [STAFF]: staff } };
	const portal = await serveJson(portalRoutes(context, registrar, drf, firmware), at("portal"), subscribers, settled);
	const dpf = await serveDpf(context, { provisioning, firmware }, at("dpf"));
	const api = await serveMutualTls(
		{ ...currentShoRoutes(context, drf), ...newShoRoutes(context, registrar), ...factoryRoutes(context) },
		keys.apiServer,
		contracted,
		at("api"),
		settled,
	);
	registrar.resume();
	drf.resume();
	return {
		addresses: {
			shoId: config.shoId,
			certificate: toPem(keys.root.certificate),
			plmn: config.plmn,
			operations: `http://${operations.address}`,
			gsup: gsup.address,
			home: `http://${gateway.address}`,
			portal: `http://${portal.address}`,
			dpfHost: dpfHost(config.shoId),
			dpfAddress: dpf.address,
			apiHost: apiHost(config.shoId),
			apiAddress: api.address,
		},
		close: async () => {
			await front.finish();
			await operations.close();
			await Promise.all([hlr.close(), gsup.close(), gateway.close(), portal.close(), dpf.close(), api.close()]);
			courier.close();
			drf.close();
			await context.store.close();
		},
	};
}

runElement(startOperator);

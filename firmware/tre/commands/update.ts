import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	ERROR_MALFORMED_REQUEST,
	ERROR_UPDATE_UNSUPPORTED,
	IMAGE_SLOTS,
	UpdateBeginRequest,
	UpdateOctetsRequest,
	writeRequireOffersResponse,
	writeUpdateBeginResponse,
	writeUpdateEndResponse,
	writeUpdateOctetsResponse,
	writeUpdateOfferResponse,
	writeUpdateStatusResponse,
} from "../../contract/as/codec";
import { ascii } from "../octets/octets";
import * as update from "../platform/update";
import { commitForHost } from "../store/wear";
import { ImageHeader, versionText } from "../update/image-header";
import { areOffersRequired, FIRMWARE, requireOffers, StoredOffer } from "../update/offer";
import { awaitedOffset, begin, end, expectedLength, take, targetSlot } from "../update/reception";
import { lowestCounter, takesUpdates, triesLeft } from "../update/trial";

export function updateBegin(reader: CborReader, writer: CborWriter): u32 {
	const request = new UpdateBeginRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	const error = begin(request.headers);
	if (error == 0) writeUpdateBeginResponse(writer, targetSlot(), expectedLength());
	return error;
}

export function updateOctets(reader: CborReader, writer: CborWriter): u32 {
	const request = new UpdateOctetsRequest();
	if (!request.read(reader)) return ERROR_MALFORMED_REQUEST;
	const error = take(request.offset, request.octets);
	if (error == 0) writeUpdateOctetsResponse(writer, awaitedOffset());
	return error;
}

export function updateEnd(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const error = end();
	if (error == 0) writeUpdateEndResponse(writer);
	return error;
}

export function updateStatus(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	if (!takesUpdates()) {
		writeUpdateStatusResponse(writer, 0, 0, new Uint8Array(0), 0, lowestCounter(), 0, 0, 0);
		return 0;
	}
	const running = update.running();
	const own = ImageHeader.of(running);
	writeUpdateStatusResponse(
		writer,
		IMAGE_SLOTS,
		running,
		versionText(own.version),
		own.securityCounter,
		lowestCounter(),
		triesLeft(),
		awaitedOffset(),
		expectedLength(),
	);
	return 0;
}

export function requireOffersCommand(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	if (!takesUpdates()) return ERROR_UPDATE_UNSUPPORTED;
	requireOffers();
	const unstored = commitForHost();
	if (unstored == 0) writeRequireOffersResponse(writer);
	return unstored;
}

export function updateOffer(reader: CborReader, writer: CborWriter): u32 {
	if (!reader.finished()) return ERROR_MALFORMED_REQUEST;
	const offer = StoredOffer.load();
	const none = new Uint8Array(0);
	if (offer == null) writeUpdateOfferResponse(writer, none, none, none, areOffersRequired());
	else writeUpdateOfferResponse(writer, ascii(FIRMWARE), versionText(offer.version), offer.digest, areOffersRequired());
	return 0;
}

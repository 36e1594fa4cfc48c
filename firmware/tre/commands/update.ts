import { CborReader, CborWriter } from "../../contract/as/cbor";
import {
	ERROR_MALFORMED_REQUEST,
	IMAGE_SLOTS,
	UpdateBeginRequest,
	UpdateOctetsRequest,
	writeUpdateBeginResponse,
	writeUpdateEndResponse,
	writeUpdateOctetsResponse,
	writeUpdateStatusResponse,
} from "../../contract/as/codec";
import * as update from "../platform/update";
import { ImageHeader } from "../update/image-header";
import { awaitedOffset, begin, end, expectedLength, take, targetSlot } from "../update/reception";
import { lowestCounter, triesLeft } from "../update/trial";

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
	if (update.slot_size() == 0) {
		writeUpdateStatusResponse(writer, 0, 0, new Uint8Array(0), 0, lowestCounter(), 0, 0, 0);
		return 0;
	}
	const running = update.running();
	const own = ImageHeader.of(running);
	writeUpdateStatusResponse(
		writer,
		IMAGE_SLOTS,
		running,
		own.version,
		own.securityCounter,
		lowestCounter(),
		triesLeft(),
		awaitedOffset(),
		expectedLength(),
	);
	return 0;
}

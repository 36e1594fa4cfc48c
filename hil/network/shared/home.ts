/** What the packet gateway of a home network is asked, and answers. */
export interface PacketDataRequest {
	readonly imsi: string;
	readonly apn: string;
}

/** Host names that the subscriber may reach. */
export interface PacketDataAnswer {
	readonly egress: readonly string[];
}

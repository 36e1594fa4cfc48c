/* Generated from the contract (firmware/contract/image.ts): npm run contract. */
#ifndef IMAGE_H
#define IMAGE_H

#define IMAGE_MAGIC 0x49455254u
#define IMAGE_FORMAT 1u
#define IMAGE_HEADER_SIZE 512u
#define IMAGE_SIGNED_SIZE 128u
#define IMAGE_USED_SIZE 192u
#define IMAGE_SLOTS 2u
#define IMAGE_FLAG_DEVELOPMENT 1u

#define IMAGE_MAGIC_AT 0u
#define IMAGE_FORMAT_AT 4u
#define IMAGE_VERSION_AT 8u
#define IMAGE_SECURITY_COUNTER_AT 12u
#define IMAGE_FLAGS_AT 16u
#define IMAGE_LENGTH_AT 20u
#define IMAGE_ADDRESS_AT 24u
#define IMAGE_RESERVED_AT 28u
#define IMAGE_BOARD_AT 32u
#define IMAGE_DIGEST_AT 64u
#define IMAGE_SIGNER_AT 96u
#define IMAGE_SIGNATURE_AT 128u

#endif

/* STM32F405 (RM0090): the registers that are used, and nothing else of them. */
#ifndef REGISTERS_H
#define REGISTERS_H

#include "core.h"

#define RCC_CR REG(0x40023800)
#define RCC_PLLCFGR REG(0x40023804)
#define RCC_CFGR REG(0x40023808)
#define RCC_AHB1ENR REG(0x40023830)
#define RCC_AHB2ENR REG(0x40023834)
#define RCC_APB2ENR REG(0x40023844)
#define RCC_CSR REG(0x40023874)

#define GPIO_MODER(port) REG(0x40020000 + 0x400 * (port))
#define GPIO_BSRR(port) REG(0x40020018 + 0x400 * (port))
#define GPIO_AFRL(port) REG(0x40020020 + 0x400 * (port))
#define PORT_A 0u
#define PORT_B 1u
#define PORT_C 2u
#define PORT_D 3u

#define USART6_SR REG(0x40011400)
#define USART6_DR REG(0x40011404)
#define USART6_BRR REG(0x40011408)
#define USART6_CR1 REG(0x4001140C)

#define FLASH_ACR REG(0x40023C00)
#define FLASH_KEYR REG(0x40023C04)
#define FLASH_SR REG(0x40023C0C)
#define FLASH_CR REG(0x40023C10)
#define FLASH_OPTKEYR REG(0x40023C08)
#define FLASH_OPTCR REG(0x40023C14)

#define FLASH_CELL(type, address) (*(volatile type *)(address))

#define RNG_CR REG(0x50060800)
#define RNG_SR REG(0x50060804)
#define RNG_DR REG(0x50060808)

#define IWDG_KR REG(0x40003000)
#define IWDG_PR REG(0x40003004)
#define IWDG_RLR REG(0x40003008)
#define IWDG_SR REG(0x4000300C)

#endif

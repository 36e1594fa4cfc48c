/* What the boards with this controller have otherwise: an LED, and what powers the header. */
#ifndef MODELS_H
#define MODELS_H

#include "registers.h"

#if defined(MODEL_netduinoplus2)
#define LED_PORT PORT_A
#define LED_PIN 10u
#define LED_LIGHTS_HIGH 1
/* Without it the pins D0 and D1 are dead. */
#define HEADER_POWER_PORT PORT_B
#define HEADER_POWER_PIN 2u
#elif defined(MODEL_olimex_stm32_h405)
#define LED_PORT PORT_C
#define LED_PIN 12u
#define LED_LIGHTS_HIGH 0
#elif defined(MODEL_feather_stm32f405)
#define LED_PORT PORT_C
#define LED_PIN 1u
#define LED_LIGHTS_HIGH 1
#elif defined(MODEL_stm32f407_disco)
#define LED_PORT PORT_D
#define LED_PIN 12u
#define LED_LIGHTS_HIGH 1
#endif

#endif

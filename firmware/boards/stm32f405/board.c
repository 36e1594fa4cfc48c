/* Pins, LED and watchdog. */
#include "board.h"

#include "clock.h"
#include "models.h"
#include "registers.h"

const char board_target[] = BOARD_NAME;

/* Independent watchdog on its own oscillator, about 32 kHz: 256 / 32 kHz * 1000 = 8 s. */
#define IWDG_START 0xCCCCu
#define IWDG_WRITE 0x5555u
#define IWDG_FEED 0xAAAAu

static inline void drive(uint32_t port, uint32_t pin, int high) {
  GPIO_BSRR(port) = 1u << (pin + (high ? 0 : 16));
}

static inline void make_output(uint32_t port, uint32_t pin, int high) {
  clock_gpio(port);
  drive(port, pin, high);
  GPIO_MODER(port) = (GPIO_MODER(port) & ~(3u << (2 * pin))) | 1u << (2 * pin);
}

void board_init(void) {
  IWDG_KR = IWDG_START;
  IWDG_KR = IWDG_WRITE;
  IWDG_PR = 6;
  IWDG_RLR = 1000;
  board_watchdog_feed();
  clock_init();
#ifdef HEADER_POWER_PIN
  make_output(HEADER_POWER_PORT, HEADER_POWER_PIN, 1);
#endif
#ifdef LED_PIN
  make_output(LED_PORT, LED_PIN, !LED_LIGHTS_HIGH);
#endif
}

IN_RAM void board_watchdog_feed(void) { IWDG_KR = IWDG_FEED; }

/* The independent watchdog does not warn: whatever comes there is a fault. */
int board_watchdog_warns(void) { return 1; }

void board_led(int on) {
#ifdef LED_PIN
  drive(LED_PORT, LED_PIN, on == LED_LIGHTS_HIGH);
#else
  (void)on;
#endif
}

/* Is the running service well? For /healthz and for systemd's watchdog. */
#ifndef GATEWAY_ALIVE_H
#define GATEWAY_ALIVE_H

#include "gateway/gateway.h"

/* NULL, or what is wrong in one word: "stopping", "state" (it cannot be
 * read), "watch" (its thread has not gone round for ALIVE_WATCH_MS). Takes
 * the locks that every request takes: if one is never given back, it does
 * not return, and the watchdog does the rest. A mail server that is down is
 * no reason: phones ask again. Any thread. */
const char *gateway_alive(struct gateway *gw);

#define ALIVE_WATCH_MS 30000

#endif

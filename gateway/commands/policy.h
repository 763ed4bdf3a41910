/* Provisioning: which policy, which key, who may pass. Without a [policy]
 * section nobody is ever challenged. */
#ifndef GATEWAY_POLICY_H
#define GATEWAY_POLICY_H

#include "gateway/config/config.h"
#include "gateway/http/dispatch.h"
#include "state/devices.h"
#include "translate/wbxml/wbxml.h"

/* What the gate says: 0 pass, else the common code 140, 142 or 144 (129 for
 * a device that was wiped and is kept out). */
unsigned policy_gate(const struct config *c, const struct device *d,
		     const struct command *cmd, uint32_t key_sent);
/* HTTP status in place of that code for <= 12.1. */
int policy_gate_http(unsigned code, uint32_t key_sent);

/* EASProvisionDoc with all settings in force, in schema order; only 12.0
 * elements for phones below 12.1. Empty without a policy. */
void policy_write(const struct config *c, int version,
		  struct wbxml_writer *w);
/* Number of the policy in force: changes when a setting does; 0: none. */
uint32_t policy_revision(const struct config *c);
uint32_t policy_new_key(void); /* random, never 0 */

#endif

/* Readers of values for the tables of settings (struct setting.set): each
 * reports mistakes itself and then leaves the target alone. */
#ifndef GATEWAY_CONFIG_VALUES_PRIVATE_H
#define GATEWAY_CONFIG_VALUES_PRIVATE_H

#include "gateway/config/config_private.h"

static inline void *
slot(const struct setting *s, void *target)
{
	return (char *)target + s->at;
}

typedef void setting_fn(struct reader *rd, const struct setting *s,
			void *target, const char *value);

setting_fn set_path, set_bool, set_count,
	set_bytes, set_level, set_daily,
	set_hour, set_listen, set_external,
	set_logins, set_emails, set_networks, set_password,
	set_password_file, set_password_command, set_password_credential,
	set_credential_name,
	set_password_sealed, set_auth, set_endpoint, set_imap, set_smtp,
	set_seconds, set_url, set_watch, set_provider,
	set_schedule, set_notes, set_zone, set_host, set_switch, set_country, set_policy_bool, set_policy_number;

#endif

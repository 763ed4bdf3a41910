/* MS-ASPROV. Element order is that of the schema. */
#include "gateway/commands/policy.h"

#include "base/codec.h"

/* With a policy every row is sent, at its default if it is not set: that is
 * how a setting that was withdrawn leaves the phones. EMPTY: an empty tag. */
#define EMPTY INT32_MIN

static const struct {
	wbxml_tag tag;
	int since;
	enum policy_key key;
	int32_t absent;
} rows[] = {
	{ WX_Provision_DevicePasswordEnabled, 120, POL_REQUIRE_PASSWORD, 0 },
	{ WX_Provision_AlphanumericDevicePasswordRequired, 120,
	  POL_ALPHANUMERIC, 0 },
	{ WX_Provision_RequireStorageCardEncryption, 121,
	  POL_CARD_ENCRYPTION, 0 },
	{ WX_Provision_MinDevicePasswordLength, 120, POL_MIN_LENGTH, EMPTY },
	{ WX_Provision_MaxInactivityTimeDeviceLock, 120, POL_MAX_INACTIVITY,
	  EMPTY },
	{ WX_Provision_MaxDevicePasswordFailedAttempts, 120, POL_MAX_FAILED,
	  EMPTY },
	{ WX_Provision_MaxAttachmentSize, 120, POL_MAX_ATTACHMENT, EMPTY },
	{ WX_Provision_AllowSimpleDevicePassword, 120, POL_SIMPLE_PASSWORD,
	  1 },
	{ WX_Provision_DevicePasswordExpiration, 120, POL_EXPIRATION, 0 },
	{ WX_Provision_DevicePasswordHistory, 120, POL_HISTORY, 0 },
	{ WX_Provision_AllowCamera, 121, POL_ALLOW_CAMERA, 1 },
	{ WX_Provision_RequireDeviceEncryption, 121, POL_DEVICE_ENCRYPTION,
	  0 },
	{ WX_Provision_MinDevicePasswordComplexCharacters, 121,
	  POL_MIN_COMPLEX, 1 },
	{ WX_Provision_RequireManualSyncWhenRoaming, 121,
	  POL_MANUAL_ROAMING, 0 },
	{ WX_Provision_MaxEmailAgeFilter, 121, POL_MAX_EMAIL_AGE, 0 },
};
#define N_ROWS (sizeof(rows) / sizeof(rows[0]))

/* Desktop Outlook and the test tool cannot provision (clients.md 4). */
static bool
is_exempt(const struct device *d)
{
	return span_starts_ci(d->type, SPAN("WindowsOutlook")) ||
	       span_eq_ci(d->type, SPAN("TestActiveSyncConnectivity")) ||
	       span_eq_ci(d->id, SPAN("validate"));
}

unsigned
policy_gate(const struct config *c, const struct device *d,
	    const struct command *cmd, uint32_t key_sent)
{
	bool account = d->wipe == WIPE_ACCOUNT_ORDERED ||
		       d->wipe == WIPE_ACCOUNT_SENT;

	/* A phone that does not know that order (any more) is kept out: what
	 * it knows instead would erase everything on it. */
	if (d->blocked || d->wipe == WIPE_DONE ||
	    d->wipe == WIPE_ACCOUNT_DONE || (account && d->version < 161))
		return 129;
	if (cmd->flags & CMD_NO_POLICY)
		return 0;
	if (d->wipe == WIPE_ORDERED || d->wipe == WIPE_SENT || account)
		return 140;
	if (!c->has_policy || (cmd->flags & CMD_NO_KEY) || is_exempt(d))
		return 0;
	if (key_sent == 0 || d->policy_key == 0)
		return 142;
	if (key_sent != d->policy_key ||
	    d->policy_revision != policy_revision(c))
		return 144;
	return 0;
}

int
policy_gate_http(unsigned code, uint32_t key_sent)
{
	if (code == 129 || (code == 140 && key_sent == 0))
		return 403;
	return 449;
}

void
policy_write(const struct config *c, int version, struct wbxml_writer *w)
{
	size_t i;

	wbxml_open(w, WX_Provision_EASProvisionDoc);
	/* Without a policy one element, which withdraws an earlier one; no
	 * phone takes offence at it. */
	if (!c->has_policy)
		wbxml_uint(w, WX_Provision_DevicePasswordEnabled, 0);
	for (i = 0; c->has_policy && i < N_ROWS; i++) {
		int32_t v = c->policy[rows[i].key];

		if (version < rows[i].since)
			continue;
		if (v == CONFIG_UNSET)
			v = rows[i].absent;
		if (v == EMPTY)
			wbxml_empty(w, rows[i].tag);
		else
			wbxml_uint(w, rows[i].tag, (uint64_t)v);
	}
	wbxml_close(w);
}

uint32_t
policy_revision(const struct config *c)
{
	uint32_t h;

	if (!c->has_policy)
		return 0;
	h = (uint32_t)hash64(SPAN("policy"),
			     span_from(c->policy, sizeof(c->policy)));
	return h != 0 ? h : 1;
}

uint32_t
policy_new_key(void)
{
	uint32_t key = 0;

	while (key == 0)
		random_bytes(&key, sizeof(key));
	return key;
}

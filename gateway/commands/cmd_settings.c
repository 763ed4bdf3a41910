/* Settings (MS-ASCMD 2.2.1.18): one row for each property, answered in the
 * order they were asked in. */
#include "gateway/commands/commands.h"
#include "gateway/commands/device_info.h"
#include "gateway/config/config.h"

static void
put_status(struct request *r, wbxml_tag property, unsigned status)
{
	wbxml_open(&r->w, property);
	wbxml_uint(&r->w, WX_Settings_Status, status);
	wbxml_close(&r->w);
}

static void
device_information(struct request *r, const struct wbxml_node *n)
{
	const struct wbxml_node *set = wbxml_child(n, WX_Settings_Set);
	struct err e = { .code = ERR_NONE };
	unsigned status = 1;

	if (set == NULL)
		status = 2;
	else if (!device_info_store(r, set, &e))
		status = 5;
	put_status(r, WX_Settings_DeviceInformation, status);
}

static void
put_addresses(struct request *r)
{
	const struct user_conf *u = r->user;
	size_t i;

	wbxml_open(&r->w, WX_Settings_EmailAddresses);
	for (i = 0; i < u->n_emails; i++)
		wbxml_str(&r->w, WX_Settings_SMTPAddress, u->emails[i]);
	/* Without it iOS marks the account as one that cannot send. */
	if (r->version >= 141)
		wbxml_str(&r->w, WX_Settings_PrimarySmtpAddress,
			  u->emails[0]);
	wbxml_close(&r->w);
}

static void
user_information(struct request *r, const struct wbxml_node *n)
{
	if (!wbxml_has(n, WX_Settings_Get)) {
		put_status(r, WX_Settings_UserInformation, 2);
		return;
	}
	wbxml_open(&r->w, WX_Settings_UserInformation);
	wbxml_uint(&r->w, WX_Settings_Status, 1);
	wbxml_open(&r->w, WX_Settings_Get);
	if (r->version >= 141) {
		wbxml_open(&r->w, WX_Settings_Accounts);
		wbxml_open(&r->w, WX_Settings_Account);
		if (r->user->name[0] != '\0')
			wbxml_str(&r->w, WX_Settings_UserDisplayName,
				  r->user->name);
		put_addresses(r);
		wbxml_close(&r->w);
		wbxml_close(&r->w);
	} else {
		put_addresses(r);
	}
	wbxml_close(&r->w);
	wbxml_close(&r->w);
}

/* No notice can be kept yet: reading says "off", writing fails, so that
 * nobody believes to have one. */
static void
oof(struct request *r, const struct wbxml_node *n)
{
	if (!wbxml_has(n, WX_Settings_Get)) {
		put_status(r, WX_Settings_Oof,
			   wbxml_has(n, WX_Settings_Set) ? 6 : 2);
		return;
	}
	wbxml_open(&r->w, WX_Settings_Oof);
	wbxml_uint(&r->w, WX_Settings_Status, 1);
	wbxml_open(&r->w, WX_Settings_Get);
	wbxml_uint(&r->w, WX_Settings_OofState, 0);
	wbxml_close(&r->w);
	wbxml_close(&r->w);
}

/* A recovery password would be kept in the clear: refused. */
static void
device_password(struct request *r, const struct wbxml_node *n)
{
	(void)n;
	put_status(r, WX_Settings_DevicePassword, 7);
}

static void
rights_management(struct request *r, const struct wbxml_node *n)
{
	(void)n;
	wbxml_open(&r->w, WX_Settings_RightsManagementInformation);
	wbxml_uint(&r->w, WX_Settings_Status, 1);
	wbxml_open(&r->w, WX_Settings_Get);
	wbxml_empty(&r->w, WX_RightsManagement_RightsManagementTemplates);
	wbxml_close(&r->w);
	wbxml_close(&r->w);
}

static const struct {
	wbxml_tag tag;
	int since;
	void (*run)(struct request *r, const struct wbxml_node *n);
} properties[] = {
	{ WX_Settings_DeviceInformation, 120, device_information },
	{ WX_Settings_UserInformation, 120, user_information },
	{ WX_Settings_Oof, 120, oof },
	{ WX_Settings_DevicePassword, 120, device_password },
	{ WX_Settings_RightsManagementInformation, 141, rights_management },
};
#define N_PROPERTIES (sizeof(properties) / sizeof(properties[0]))

static size_t
find(const struct request *r, wbxml_tag tag)
{
	size_t i;

	for (i = 0; i < N_PROPERTIES; i++)
		if (properties[i].tag == tag &&
		    r->version >= properties[i].since)
			break;
	return i;
}

/* Known properties only, each at most once, at least one. */
static bool
is_legal(const struct request *r)
{
	const struct wbxml_node *n;
	unsigned seen = 0;
	size_t i;

	for (n = r->body->child; n != NULL; n = n->next) {
		i = find(r, n->tag);
		if (i == N_PROPERTIES || (seen & 1u << i) != 0)
			return false;
		seen |= 1u << i;
	}
	return seen != 0;
}

enum cmd_result
cmd_settings(struct request *r)
{
	const struct wbxml_node *n;

	if (!is_legal(r)) {
		request_status(r, 2);
		return CMD_DONE;
	}
	r->log_status = 1;
	wbxml_open(&r->w, WX_Settings_Settings);
	wbxml_uint(&r->w, WX_Settings_Status, 1);
	for (n = r->body->child; n != NULL; n = n->next)
		properties[find(r, n->tag)].run(r, n);
	wbxml_close(&r->w);
	return CMD_DONE;
}

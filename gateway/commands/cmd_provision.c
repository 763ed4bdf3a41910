/* Provision (MS-ASPROV 3.2.5): download, acknowledge, wipe. */
#include "base/codec.h"
#include "gateway/commands/commands.h"
#include "gateway/commands/device_info.h"
#include "gateway/commands/policy.h"

#define TYPE_WBXML "MS-EAS-Provisioning-WBXML"

struct dev_change {
	uint32_t temp, final, revision;
	enum wipe_state wipe;
	bool set_temp, set_final, set_wipe;
};

static void
apply(struct device *d, void *ctx)
{
	const struct dev_change *c = ctx;

	if (c->set_temp)
		d->policy_temp = c->temp;
	if (c->set_final) {
		d->policy_key = c->final;
		d->policy_revision = c->revision;
	}
	if (c->set_wipe)
		d->wipe = c->wipe;
}

static bool
save(struct request *r, struct dev_change *c, struct err *e)
{
	if (span_eq_ci(r->dev.id, SPAN("validate")))
		return true;
	return device_update(r->gw->store, r->user_id,
			     span_of(r->q.device_id), apply, c, e);
}

/* The final key is a function of the temporary one: an acknowledgement that
 * is repeated because its answer was lost gets the same key again. */
static uint32_t
final_key(const struct request *r, uint32_t temp)
{
	uint64_t h = hash64(span_from(&temp, sizeof(temp)),
			    span_of(r->q.device_id));
	uint32_t key = (uint32_t)h ^ (uint32_t)(h >> 32);

	return key != 0 && key != temp ? key : temp ^ 0x5a5a5a5au;
}

static void
open_answer(struct request *r, bool with_info)
{
	wbxml_open(&r->w, WX_Provision_Provision);
	if (with_info) {
		wbxml_open(&r->w, WX_Settings_DeviceInformation);
		wbxml_uint(&r->w, WX_Settings_Status, 1);
		wbxml_close(&r->w);
	}
	wbxml_uint(&r->w, WX_Provision_Status, 1);
}

static void
open_policy(struct request *r, struct span type, unsigned status)
{
	r->log_status = status;
	wbxml_open(&r->w, WX_Provision_Policies);
	wbxml_open(&r->w, WX_Provision_Policy);
	wbxml_text(&r->w, WX_Provision_PolicyType, type);
	wbxml_uint(&r->w, WX_Provision_Status, status);
}

static void
close_policy(struct request *r)
{
	wbxml_close(&r->w);
	wbxml_close(&r->w);
	wbxml_close(&r->w);
}

static void
refuse_policy(struct request *r, struct span type, unsigned status,
	      bool with_info)
{
	open_answer(r, with_info);
	open_policy(r, type, status);
	close_policy(r);
}

static void
download(struct request *r, bool with_info)
{
	struct dev_change c = { .set_temp = true, .temp = policy_new_key() };
	struct err e = { .code = ERR_NONE };

	if (!save(r, &c, &e)) {
		request_fail(r, &e);
		return;
	}
	open_answer(r, with_info);
	open_policy(r, SPAN(TYPE_WBXML), 1);
	wbxml_uint(&r->w, WX_Provision_PolicyKey, c.temp);
	wbxml_open(&r->w, WX_Provision_Data);
	policy_write(r->conf, r->version, &r->w);
	wbxml_close(&r->w);
	close_policy(r);
}

static void
acknowledge(struct request *r, uint32_t key, uint32_t status, bool with_info)
{
	struct dev_change c = { .set_final = true,
			    .revision = policy_revision(r->conf) };
	struct err e = { .code = ERR_NONE };

	if (key == 0 || key != r->dev.policy_temp) {
		refuse_policy(r, SPAN(TYPE_WBXML), 5, with_info);
		return;
	}
	if (r->conf->has_policy && status != 1) {
		request_status(r, status == 4 ? 145 : 139);
		return;
	}
	c.final = final_key(r, key);
	if (!save(r, &c, &e)) {
		request_fail(r, &e);
		return;
	}
	open_answer(r, with_info);
	open_policy(r, SPAN(TYPE_WBXML), 1);
	wbxml_uint(&r->w, WX_Provision_PolicyKey, c.final);
	close_policy(r);
}

/* An order is out: told, whatever the phone asked; its receipt is kept.
 * MS-ASPROV 2.2.2.1, 2.2.2.45. */
static void
wipe(struct request *r)
{
	bool account = r->dev.wipe >= WIPE_ACCOUNT_ORDERED;
	wbxml_tag tag = account ? WX_Provision_AccountOnlyRemoteWipe
				: WX_Provision_RemoteWipe;
	const struct wbxml_node *ack = wbxml_child(r->body, tag);
	struct span said = wbxml_child_text(ack, WX_Provision_Status);
	struct dev_change c = {
		.set_wipe = true,
		.wipe = account ? WIPE_ACCOUNT_SENT : WIPE_SENT,
	};
	struct err e = { .code = ERR_NONE };
	bool failed = span_eq(said, SPAN("2"));

	if (span_eq(said, SPAN("1")))
		c.wipe = account ? WIPE_ACCOUNT_DONE : WIPE_DONE;
	if (!save(r, &c, &e)) {
		request_fail(r, &e);
		return;
	}
	wbxml_open(&r->w, WX_Provision_Provision);
	wbxml_uint(&r->w, WX_Provision_Status, failed ? 2 : 1);
	wbxml_empty(&r->w, tag);
	wbxml_close(&r->w);
}

static void
provision(struct request *r, const struct wbxml_node *policy, bool with_info)
{
	struct span type = wbxml_child_text(policy, WX_Provision_PolicyType);
	uint32_t key, status = 1;

	if (type.n == 0) {
		request_status(r, 2);
		return;
	}
	if (!span_eq(type, SPAN(TYPE_WBXML))) {
		refuse_policy(r, span_first(type, 64), 3, with_info);
		return;
	}
	if (wbxml_has(policy, WX_Provision_PolicyKey)) {
		if (!wbxml_child_u32(policy, WX_Provision_PolicyKey, &key))
			key = 0;
		wbxml_child_u32(policy, WX_Provision_Status, &status);
		acknowledge(r, key, status, with_info);
	} else if (r->version >= 141 && !with_info) {
		request_status(r, 165);
	} else {
		download(r, with_info);
	}
}

enum cmd_result
cmd_provision(struct request *r)
{
	const struct wbxml_node *info =
		wbxml_child(r->body, WX_Settings_DeviceInformation);
	const struct wbxml_node *policies =
		wbxml_child(r->body, WX_Provision_Policies);
	struct err e = { .code = ERR_NONE };

	if (r->dev.wipe != WIPE_NONE) {
		wipe(r);
		return CMD_DONE;
	}
	if (!device_info_store(r, wbxml_child(info, WX_Settings_Set), &e)) {
		request_fail(r, &e);
	} else if (policies != NULL) {
		provision(r, wbxml_child(policies, WX_Provision_Policy),
			  info != NULL);
	} else if (info != NULL) {
		open_answer(r, true);
		wbxml_close(&r->w);
	} else {
		request_status(r, 2);
	}
	return CMD_DONE;
}

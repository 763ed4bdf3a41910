/* MS-ASCMD 2.2.3.45. */
#include "gateway/commands/device_info.h"

#include <stddef.h>

#include "base/utf8.h"

#define VALUE_MAX 1024

static const struct {
	wbxml_tag tag;
	size_t at;
} fields[] = {
	{ WX_Settings_Model, offsetof(struct device, model) },
	{ WX_Settings_IMEI, offsetof(struct device, imei) },
	{ WX_Settings_FriendlyName, offsetof(struct device, friendly_name) },
	{ WX_Settings_OS, offsetof(struct device, os) },
	{ WX_Settings_OSLanguage, offsetof(struct device, os_language) },
	{ WX_Settings_PhoneNumber, offsetof(struct device, phone) },
	{ WX_Settings_MobileOperator,
	  offsetof(struct device, operator_name) },
};

static void
fill(struct device *d, void *ctx)
{
	const struct wbxml_node *set = ctx, *n;
	size_t i;

	for (i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		n = wbxml_child(set, fields[i].tag);
		if (n != NULL)
			*(struct span *)((char *)d + fields[i].at) =
				utf8_cut(n->text, VALUE_MAX);
	}
}

bool
device_info_store(struct request *r, const struct wbxml_node *set,
		  struct err *e)
{
	if (set == NULL || span_eq_ci(r->dev.id, SPAN("validate")))
		return true;
	fill(&r->dev, (void *)(uintptr_t)set);
	return device_update(r->gw->store, r->user_id,
			     span_of(r->q.device_id), fill,
			     (void *)(uintptr_t)set, e);
}

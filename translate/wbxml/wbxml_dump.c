/* A WBXML document for people: indented, XML-like, from the tree that
 * wbxml_read made of it. libwbxml's own conversion does not know the tags of
 * 16.1 and names others differently from the specification, so only its
 * parser is used. */
#include "base/codec.h"
#include "base/utf8.h"
#include "translate/wbxml/wbxml.h"

#include <string.h>

/* Escaping makes at most six bytes of one; names and blanks come on top. */
#define DUMP_MAX (8 * (size_t)MAX_REQUEST)
#define FROM_THE_ROOT (~0u)

/* With mask set all is private but the contents of these pages and tags, so
 * that a tag nobody thought of is hidden, not shown. */
static const bool page_is_shown[WBXML_PAGES] = {
	[WX_AirSync_Sync >> 8] = true,
	[WX_Move_MoveItems >> 8] = true,
	[WX_GetItemEstimate_GetItemEstimate >> 8] = true,
	[WX_FolderHierarchy_FolderSync >> 8] = true,
	[WX_MeetingResponse_MeetingResponse >> 8] = true,
	[WX_Ping_Ping >> 8] = true,
};

static const wbxml_tag hidden_there[] = {
	WX_FolderHierarchy_DisplayName,
};

static const wbxml_tag shown_elsewhere[] = {
	WX_AirSyncBase_AllOrNone,
	WX_AirSyncBase_EstimatedDataSize,
	WX_AirSyncBase_InstanceId,
	WX_AirSyncBase_IsInline,
	WX_AirSyncBase_Method,
	WX_AirSyncBase_NativeBodyType,
	WX_AirSyncBase_Status,
	WX_AirSyncBase_Truncated,
	WX_AirSyncBase_TruncationSize,
	WX_AirSyncBase_Type,
	WX_Calendar_AllDayEvent,
	WX_Calendar_BusyStatus,
	WX_Calendar_MeetingStatus,
	WX_Calendar_Sensitivity,
	WX_ComposeMail_ClientId,
	WX_ComposeMail_FolderId,
	WX_ComposeMail_InstanceId,
	WX_ComposeMail_ItemId,
	WX_ComposeMail_Status,
	WX_Email_ContentClass,
	WX_Email_DateReceived,
	WX_Email_Importance,
	WX_Email_InternetCPID,
	WX_Email_MessageClass,
	WX_Email_Read,
	WX_Email_Status,
	WX_Email2_IsDraft,
	WX_Email2_LastVerbExecuted,
	WX_Find_DeepTraversal,
	WX_Find_Range,
	WX_Find_SearchId,
	WX_Find_Status,
	WX_Find_Total,
	WX_ItemOperations_DstFldId,
	WX_ItemOperations_Part,
	WX_ItemOperations_Range,
	WX_ItemOperations_Status,
	WX_ItemOperations_Store,
	WX_ItemOperations_Total,
	WX_Provision_PolicyType,
	WX_Provision_Status,
	WX_ResolveRecipients_Status,
	WX_Search_DeepTraversal,
	WX_Search_Name,
	WX_Search_Range,
	WX_Search_RebuildResults,
	WX_Search_Status,
	WX_Search_Total,
	WX_Settings_BodyType,
	WX_Settings_Model,
	WX_Settings_OS,
	WX_Settings_OofState,
	WX_Settings_Status,
	WX_Settings_UserAgent,
	WX_ValidateCert_Status,
};

static bool
listed(const wbxml_tag *list, size_t n, wbxml_tag t)
{
	size_t i;

	for (i = 0; i < n && list[i] != t; i++)
		;
	return i < n;
}

#define LISTED(list, t) listed(list, sizeof(list) / sizeof((list)[0]), t)

static bool
is_private(wbxml_tag t)
{
	if (page_is_shown[t >> 8])
		return LISTED(hidden_there, t);
	return !LISTED(shown_elsewhere, t);
}

static void
put_escaped(struct buf *out, struct span s)
{
	size_t i, done = 0;
	const char *as;

	for (i = 0; i < s.n; i++) {
		as = s.p[i] == '<' ? "&lt;" : s.p[i] == '>' ? "&gt;" :
		     s.p[i] == '&' ? "&amp;" : s.p[i] == '\r' ? "&#13;" : NULL;
		if (as == NULL)
			continue;
		buf_put(out, s.p + done, i - done);
		buf_str(out, as);
		done = i + 1;
	}
	if (done < s.n)
		buf_put(out, s.p + done, s.n - done);
}

struct dump {
	struct arena *arena;
	struct buf out;
	bool mask;
};

static void
put_text(struct dump *d, const struct wbxml_node *n)
{
	struct span clean;

	if (d->mask && is_private(n->tag)) {
		buf_printf(&d->out, "[%zu bytes]", n->text.n);
		return;
	}
	/* utf8_clean gives back the same span if it is fit to be shown */
	clean = utf8_clean(d->arena, n->text);
	if (clean.p == n->text.p && clean.n == n->text.n) {
		put_escaped(&d->out, n->text);
		return;
	}
	buf_str(&d->out, "base64:");
	base64_put(&d->out, n->text);
}

/* Depth is bounded by the reader. */
static void
put_node(struct dump *d, const struct wbxml_node *n, unsigned page,
	 unsigned depth)
{
	const char *name = wbxml_tag_name(n->tag);
	const struct wbxml_node *c;

	buf_printf(&d->out, "%*s<%s", (int)depth * 2, "", name);
	if (page != n->tag >> 8)
		buf_printf(&d->out, " xmlns=\"%s\"",
			   wbxml_page_name(n->tag >> 8));
	if (n->child == NULL && n->text.n == 0) {
		buf_str(&d->out, "/>\n");
		return;
	}
	buf_byte(&d->out, '>');
	if (n->child == NULL) {
		put_text(d, n);
	} else {
		buf_byte(&d->out, '\n');
		for (c = n->child; c != NULL; c = c->next)
			put_node(d, c, n->tag >> 8, depth + 1);
		buf_printf(&d->out, "%*s", (int)depth * 2, "");
	}
	buf_printf(&d->out, "</%s>\n", name);
}

bool
wbxml_dump(struct arena *a, struct span doc, bool mask, struct span *text_out,
	   struct err *e)
{
	struct dump d = {
		.arena = a, .out = BUF_INIT(DUMP_MAX), .mask = mask,
	};
	struct wbxml_node *root;
	bool ok;

	if (!wbxml_read(a, doc, &root, e))
		return false;
	put_node(&d, root, FROM_THE_ROOT, 0);
	ok = buf_ok(&d.out, e);
	if (ok)
		*text_out = arena_dup(a, buf_view(&d.out));
	buf_free(&d.out);
	return ok;
}

/* easbridge as a phone sees it, through whatever proxy stands in front. */
#include "gateway/cli/check_private.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "translate/wbxml/wbxml.h"

#define SOON_DAYS 14

static const char *const eas_headers[] = {
	"Content-Type: application/vnd.ms-sync.wbxml",
	"MS-ASProtocolVersion: 14.1", "User-Agent: easbridge-check", NULL
};

static void
check_certificate(struct check *k, int64_t ends)
{
	int64_t days = (ends - clock_wall()) / 86400;

	if (ends > 0)
		check_say(k, "phone, certificate",
			  days < SOON_DAYS ? CHECK_NOTE : CHECK_OK,
			  days < SOON_DAYS ? "Does its renewal work? Phones "
					     "stop the day it ends." : NULL,
			  "good for %lld more days", (long long)days);
}

static bool
check_options(struct check *k, struct http_ask q, const char *url)
{
	const char *what = "phone, OPTIONS";
	struct http_reply r;

	q.method = "OPTIONS";
	q.url = arena_printf(k->a, "%s" EAS_PATH, url);
	http_ask(k->a, &q, PHONE_MS, &r);
	if (!check_answered(k, what, &r))
		return false;
	if (r.versions == NULL) {
		check_say(k, what, CHECK_FAIL, "Somebody else answers there, "
			  "or the proxy drops headers: see docs/proxies.md.",
			  "no MS-ASProtocolVersions in the answer");
		return false;
	}
	check_say(k, what, CHECK_OK, NULL, "ActiveSync %s at %s", r.versions,
		  q.url);
	check_certificate(k, r.cert_ends);
	return true;
}

static struct span
folder_sync(struct arena *a)
{
	struct buf b = BUF_INIT(4096);
	struct wbxml_writer w = { 0 };
	struct span out;

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_FolderHierarchy_FolderSync);
	wbxml_text(&w, WX_FolderHierarchy_SyncKey, SPAN("0"));
	wbxml_close(&w);
	wbxml_end(&w, NULL);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

/* The device id is that of Android's probe, of which nothing is kept. */
static void
check_folder_sync(struct check *k, struct http_ask q, const char *url,
		  struct wbxml_node **root_out)
{
	const char *what = "phone, FolderSync";
	const struct wbxml_node *changes;
	struct wbxml_node *root;
	struct err e = { .code = ERR_NONE };
	struct http_reply r;
	uint32_t n = 0;

	q.method = "POST";
	q.url = arena_printf(k->a, "%s" EAS_PATH "?Cmd=FolderSync&User=check"
			     "&DeviceId=validate&DeviceType=easbridgecheck",
			     url);
	q.headers = eas_headers;
	q.body = folder_sync(k->a);
	http_ask(k->a, &q, PHONE_MS, &r);
	if (r.trouble == HTTP_FINE && r.status == 449) {
		check_say(k, what, CHECK_OK, NULL,
			  "the phone is asked to take the policy first");
		return;
	}
	if (!check_answered(k, what, &r))
		return;
	if (!wbxml_read(k->a, r.body, &root, &e)) {
		check_say(k, what, CHECK_FAIL, "The proxy changes the answer: "
			  "see docs/proxies.md.", "%s", e.text);
		return;
	}
	changes = wbxml_child(root, WX_FolderHierarchy_Changes);
	wbxml_child_u32(changes, WX_FolderHierarchy_Count, &n);
	if (n > 0)
		check_say(k, what, CHECK_OK, NULL, "%u folders", n);
	if (n > 0)
		*root_out = root;
	else
		check_say(k, what, CHECK_FAIL,
			  "See the lines above, and the log of easbridge.",
			  "no folders, status " SPAN_FMT,
			  SPAN_ARG(wbxml_child_text(
				  root, WX_FolderHierarchy_Status)));
}

/* ---- waiting ---------------------------------------------------------------*/

static struct span
ping(struct arena *a, struct span inbox, unsigned seconds)
{
	struct buf b = BUF_INIT(4096);
	struct wbxml_writer w = { 0 };
	struct span out;

	wbxml_begin(&w, &b);
	wbxml_open(&w, WX_Ping_Ping);
	wbxml_text(&w, WX_Ping_HeartbeatInterval,
		   span_of(arena_printf(a, "%u", seconds)));
	wbxml_open(&w, WX_Ping_Folders);
	wbxml_open(&w, WX_Ping_Folder);
	wbxml_text(&w, WX_Ping_Id, inbox);
	wbxml_text(&w, WX_Ping_Class, SPAN("Email"));
	wbxml_close(&w);
	wbxml_close(&w);
	wbxml_close(&w);
	wbxml_end(&w, NULL);
	out = arena_dup(a, buf_view(&b));
	buf_free(&b);
	return out;
}

static struct span
inbox_of(const struct wbxml_node *root)
{
	const struct wbxml_node *n =
		wbxml_child(root, WX_FolderHierarchy_Changes);

	for (n = n != NULL ? n->child : NULL; n != NULL; n = n->next)
		if (span_eq(wbxml_child_text(n, WX_FolderHierarchy_Type),
			    SPAN("2")))
			return wbxml_child_text(n,
						WX_FolderHierarchy_ServerId);
	return SPAN_NONE;
}

/* The one mistake in proxies that nothing else shows: a phone's wait is cut.
 * What comes before its time is an answer; what is cut has none. */
static void
check_wait(struct check *k, struct http_ask q, const char *url,
	   struct span inbox, unsigned seconds)
{
	const char *what = "phone, waiting";
	int64_t start = clock_mono_ms();
	struct http_reply r;
	long took;

	q.method = "POST";
	q.url = arena_printf(k->a, "%s" EAS_PATH "?Cmd=Ping&User=check"
			     "&DeviceId=validate&DeviceType=easbridgecheck",
			     url);
	q.headers = eas_headers;
	q.body = ping(k->a, inbox, seconds);
	http_ask(k->a, &q, (long)seconds * 1000 + PHONE_MS, &r);
	took = (long)(clock_mono_ms() - start) / 1000;
	if (r.trouble == HTTP_FINE && r.status == 200)
		check_say(k, what, CHECK_OK, NULL,
			  "a phone may wait %ld s and is answered", took);
	else
		check_say(k, what, CHECK_FAIL, "Something between cuts waiting "
			  "phones, which costs their batteries and delays "
			  "mail: raise its time-out (docs/proxies.md).",
			  "cut after %ld s of %u: %s", took, seconds,
			  r.trouble != HTTP_FINE ? r.text :
			  arena_printf(k->a, "HTTP status %ld", r.status));
}

void
check_phone(struct check *k, const struct user_conf *u, const char *url,
	    const char *password, unsigned wait_s)
{
	struct http_ask q = { .user = u->logins[0], .password = password,
			      .ca_file = k->ca_file };
	struct wbxml_node *root = NULL;
	size_t n = strlen(url);
	bool https = strncmp(url, "https://", 8) == 0;

	while (n > 0 && url[n - 1] == '/')
		n--;
	url = arena_str(k->a, span_from(url, n));
	if (!https)
		check_say(k, "phone", CHECK_NOTE, "Phones want https: let a "
			  "proxy end TLS, or set tls-cert and tls-key.",
			  "%s is not https", url);
	if (!check_options(k, q, url))
		return;
	check_discovery(k, q, u, url);
	check_folder_sync(k, q, url, &root);
	if (root != NULL && wait_s > 0)
		check_wait(k, q, url, inbox_of(root), wait_s);
	else if (root != NULL && https)
		check_say(k, "phone, waiting", CHECK_NOTE, "--wait 300 shows "
			  "whether the proxy lets phones wait.", "not tried");
}

/* Set-up, Ping, estimates, mails, operations, searches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/phone/private.h"
#include "tests/phone/wire.h"

/* ---- setting up --------------------------------------------------------*/

struct answer *
phone_options(struct phone *p)
{
	return phone_ask(p, &(struct ask){ .cmd = "OPTIONS",
					   .method = "OPTIONS" });
}

#define POX_REQUEST                                                           \
	"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"      \
	"requestschema/2006"
#define POX_RESPONSE                                                          \
	"http://schemas.microsoft.com/exchange/autodiscover/mobilesync/"      \
	"responseschema/2006"

struct answer *
phone_autodiscover(struct phone *p, const char *base, const char *email)
{
	char *url = bytes_format("%s/autodiscover/autodiscover.xml", base);
	char *body = bytes_format(
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
		"<Autodiscover xmlns=\"" POX_REQUEST "\"><Request>"
		"<EMailAddress>%s</EMailAddress><AcceptableResponseSchema>"
		POX_RESPONSE "</AcceptableResponseSchema></Request>"
		"</Autodiscover>", email);
	struct answer *a;
	const char *found;

	a = phone_ask(p, &(struct ask){ .cmd = "autodiscover",
					.url = url,
					.raw = body,
					.n_raw = strlen(body),
					.content_type = "text/xml; "
							"charset=utf-8" });
	found = answer_text(a, "/Autodiscover/Response/Action/Settings/"
			       "Server[Type=MobileSync]/Url");
	if (found)
		phone_set_url(p, found);
	free(url);
	free(body);
	return a;
}

struct answer *
phone_autodiscover_json(struct phone *p, const char *base, const char *email,
			const char *protocol)
{
	char *url = bytes_format("%s/autodiscover/autodiscover.json?Email=%s"
				 "&Protocol=%s&RedirectCount=1",
				 base, email, protocol);
	struct answer *a;

	a = phone_ask(p, &(struct ask){ .cmd = "autodiscover",
					.url = url,
					.method = "GET",
					.no_auth = true });
	free(url);
	return a;
}

static bool
wants_device_information(const struct phone *p)
{
	return wire_version_bit(p->version) >= wire_version_bit("14.1");
}

#define DEVICE_INFORMATION                                                    \
	"<settings:DeviceInformation><settings:Set>"                          \
	"<settings:Model>Test phone</settings:Model>"                         \
	"<settings:FriendlyName>My test phone</settings:FriendlyName>"        \
	"<settings:OS>TestOS 1.0</settings:OS>"                               \
	"<settings:UserAgent>TestPhone/1.0</settings:UserAgent>"              \
	"</settings:Set></settings:DeviceInformation>"

static bool
take_policy_key(struct phone *p, struct answer *a)
{
	const char *key = answer_text(a, "/Provision/Policies/Policy/"
					 "PolicyKey");

	if (key)
		snprintf(p->policy_key, sizeof(p->policy_key), "%s", key);
	return key != NULL;
}

struct answer *
phone_provision(struct phone *p)
{
	struct answer *a;

	snprintf(p->policy_key, sizeof(p->policy_key), "0");
	a = phone_postf(p, "Provision",
			"<Provision>%s<Policies><Policy><PolicyType>"
			"MS-EAS-Provisioning-WBXML</PolicyType></Policy>"
			"</Policies></Provision>",
			wants_device_information(p) ? DEVICE_INFORMATION : "");
	if (!take_policy_key(p, a))
		return a;
	a = phone_postf(p, "Provision",
			"<Provision><Policies><Policy><PolicyType>"
			"MS-EAS-Provisioning-WBXML</PolicyType><PolicyKey>%s"
			"</PolicyKey><Status>1</Status></Policy></Policies>"
			"</Provision>",
			p->policy_key);
	take_policy_key(p, a);
	return a;
}

bool
phone_must_provision(const struct answer *a)
{
	const char *status = answer_text(a, "*/Status");
	int code = status ? atoi(status) : 0;

	return a->status == 449 || (code >= 142 && code <= 144);
}

void
phone_set_up(struct phone *p)
{
	struct answer *a = phone_options(p);

	answer_expect_http(a, 200);
	a = phone_folder_sync(p);
	if (phone_must_provision(a)) {
		answer_expect(phone_provision(p), "/Provision/Status", "1");
		a = phone_folder_sync(p);
	}
	answer_expect_http(a, 200);
	answer_expect(a, "/FolderSync/Status", "1");
}

struct answer *
phone_user_information(struct phone *p)
{
	return phone_post(p, "Settings",
			  "<Settings><UserInformation><Get/>"
			  "</UserInformation></Settings>");
}

struct answer *
phone_device_information(struct phone *p)
{
	return phone_post(p, "Settings",
			  "<Settings>" DEVICE_INFORMATION "</Settings>");
}

/* ---- Ping, GetItemEstimate ---------------------------------------------*/

char *
phone_ping_xml(int seconds, struct phone_folder *const *f, size_t n)
{
	struct bytes b = { 0 };
	size_t i;

	bytes_str(&b, "<Ping>");
	if (seconds)
		bytes_printf(&b, "<HeartbeatInterval>%d</HeartbeatInterval>",
			     seconds);
	if (n)
		bytes_str(&b, "<Folders>");
	for (i = 0; i < n; i++)
		bytes_printf(&b,
			     "<Folder><Id>%s</Id><Class>Email</Class>"
			     "</Folder>",
			     f[i]->id);
	if (n)
		bytes_str(&b, "</Folders>");
	bytes_str(&b, "</Ping>");
	return b.p;
}

static char *
ping_or_nothing(int seconds, struct phone_folder *const *f, size_t n)
{
	return seconds || n ? phone_ping_xml(seconds, f, n) : NULL;
}

struct answer *
phone_ping(struct phone *p, int seconds, struct phone_folder *const *f,
	   size_t n)
{
	char *xml = ping_or_nothing(seconds, f, n);
	struct answer *a;

	a = phone_ask(p, &(struct ask){ .cmd = "Ping",
					.xml = xml,
					.timeout_ms = 1000L * seconds +
						      30000 });
	free(xml);
	return a;
}

struct running *
phone_ping_start(struct phone *p, int seconds, struct phone_folder *const *f,
		 size_t n)
{
	char *xml = ping_or_nothing(seconds, f, n);
	struct running *r;

	r = phone_start(p, &(struct ask){ .cmd = "Ping",
					  .xml = xml,
					  .timeout_ms = 4000000 });
	free(xml);
	return r;
}

static struct answer *
ask_estimate(struct phone *p, struct phone_folder *f)
{
	if (phone_is_old(p))
		return phone_postf(p, "GetItemEstimate",
				   "<GetItemEstimate><Collections><Collection>"
				   "<Class>Email</Class>"
				   "<CollectionId>%s</CollectionId>"
				   "<airsync:FilterType>0</airsync:FilterType>"
				   "<airsync:SyncKey>%s</airsync:SyncKey>"
				   "</Collection></Collections>"
				   "</GetItemEstimate>",
				   f->id, f->key);
	return phone_postf(p, "GetItemEstimate",
			   "<GetItemEstimate><Collections><Collection>"
			   "<airsync:SyncKey>%s</airsync:SyncKey>"
			   "<CollectionId>%s</CollectionId>"
			   "</Collection></Collections></GetItemEstimate>",
			   f->key, f->id);
}

int
phone_estimate(struct phone *p, struct phone_folder *f)
{
	struct answer *a = ask_estimate(p, f);
	int status = answer_int(a, "/GetItemEstimate/Response/Status");

	if (status < 0)
		status = answer_int(a, "/GetItemEstimate/Status");
	if (status != 1)
		return -status;
	return answer_int(a, "/GetItemEstimate/Response/Collection/Estimate");
}

/* ---- sending -----------------------------------------------------------*/

static struct answer *
post_mail(struct phone *p, const char *cmd, const char *const *params,
	  const char *mime, size_t n)
{
	return phone_ask(p, &(struct ask){ .cmd = cmd,
					   .raw = mime,
					   .n_raw = n,
					   .params = params,
					   .content_type = "message/rfc822" });
}

struct answer *
phone_send(struct phone *p, const char *client_id, bool save, const char *mime,
	   size_t n)
{
	const char *params[] = { "SaveInSent", "T", NULL };
	struct answer *a;
	char *data;

	if (phone_is_old(p))
		return post_mail(p, "SendMail", save ? params : NULL, mime, n);
	data = bytes_base64(mime, n);
	a = phone_postf(p, "SendMail",
			"<SendMail><ClientId>%s</ClientId>%s<Mime>%s</Mime>"
			"</SendMail>",
			client_id, save ? "<SaveInSentItems/>" : "", data);
	free(data);
	return a;
}

static struct answer *
smart_old(struct phone *p, const char *cmd, const struct smart *s,
	  const char *mime, size_t n)
{
	const char *params[12];
	size_t i = 0;

	if (s->folder) {
		params[i++] = "CollectionId";
		params[i++] = s->folder;
	}
	if (s->item) {
		params[i++] = "ItemId";
		params[i++] = s->item;
	}
	if (s->long_id) {
		params[i++] = "LongId";
		params[i++] = s->long_id;
	}
	if (s->save) {
		params[i++] = "SaveInSent";
		params[i++] = "T";
	}
	params[i] = NULL;
	return post_mail(p, cmd, params, mime, n);
}

static void
put_source(struct bytes *b, const struct smart *s)
{
	bytes_str(b, "<Source>");
	if (s->folder)
		bytes_printf(b, "<FolderId>%s</FolderId>", s->folder);
	if (s->item)
		bytes_printf(b, "<ItemId>%s</ItemId>", s->item);
	if (s->long_id)
		bytes_printf(b, "<LongId>%s</LongId>", s->long_id);
	if (s->instance)
		bytes_printf(b, "<InstanceId>%s</InstanceId>", s->instance);
	bytes_str(b, "</Source>");
}

struct answer *
phone_smart(struct phone *p, const char *cmd, const struct smart *s,
	    const char *mime, size_t n)
{
	struct bytes b = { 0 };
	struct answer *a;
	char *data;

	if (phone_is_old(p))
		return smart_old(p, cmd, s, mime, n);
	data = bytes_base64(mime, n);
	bytes_printf(&b, "<%s><ClientId>%s</ClientId>", cmd, s->client_id);
	put_source(&b, s);
	if (s->save)
		bytes_str(&b, "<SaveInSentItems/>");
	if (s->replace_mime)
		bytes_str(&b, "<ReplaceMime/>");
	bytes_printf(&b, "<Mime>%s</Mime></%s>", data, cmd);
	a = phone_post(p, cmd, b.p);
	free(data);
	bytes_free(&b);
	return a;
}

/* ---- operations --------------------------------------------------------*/

static struct answer *
operate(struct phone *p, bool multipart, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static struct answer *
operate(struct phone *p, bool multipart, const char *fmt, ...)
{
	struct bytes b = { 0 };
	struct answer *a;
	va_list ap;

	bytes_str(&b, "<ItemOperations>");
	va_start(ap, fmt);
	bytes_vprintf(&b, fmt, ap);
	va_end(ap);
	bytes_str(&b, "</ItemOperations>");
	a = phone_ask(p, &(struct ask){ .cmd = "ItemOperations",
					.xml = b.p,
					.multipart = multipart });
	bytes_free(&b);
	return a;
}

struct answer *
phone_fetch_item(struct phone *p, const char *folder, const char *item,
		 const char *options, bool multipart)
{
	return operate(p, multipart,
		       "<Fetch><Store>Mailbox</Store>"
		       "<airsync:CollectionId>%s</airsync:CollectionId>"
		       "<airsync:ServerId>%s</airsync:ServerId>"
		       "%s%s%s</Fetch>",
		       folder, item, options ? "<Options>" : "",
		       options ? options : "", options ? "</Options>" : "");
}

struct answer *
phone_fetch_long(struct phone *p, const char *long_id, const char *options)
{
	return operate(p, false,
		       "<Fetch><Store>Mailbox</Store>"
		       "<search:LongId>%s</search:LongId>%s%s%s</Fetch>",
		       long_id, options ? "<Options>" : "",
		       options ? options : "", options ? "</Options>" : "");
}

struct answer *
phone_fetch_file(struct phone *p, const char *reference, const char *range,
		 bool multipart)
{
	return operate(p, multipart,
		       "<Fetch><Store>Mailbox</Store>"
		       "<airsyncbase:FileReference>%s"
		       "</airsyncbase:FileReference>%s%s%s</Fetch>",
		       reference, range ? "<Options><Range>" : "",
		       range ? range : "", range ? "</Range></Options>" : "");
}

bool
answer_file(const struct answer *a, struct bytes *out)
{
	const char *path = "/ItemOperations/Response/Fetch/Properties";
	xmlNodePtr n = answer_find(a, path);
	const char *data = node_text(n, "Data");
	const char *part = node_text(n, "Part");
	size_t i = part ? strtoul(part, NULL, 10) : 0;

	if (data)
		return bytes_unbase64(out, data);
	if (!i || i >= a->n_parts)
		return false;
	bytes_put(out, a->parts[i].p, a->parts[i].n);
	return true;
}

struct answer *
phone_get_attachment(struct phone *p, const char *reference)
{
	const char *params[] = { "AttachmentName", reference, NULL };

	return phone_ask(p, &(struct ask){ .cmd = "GetAttachment",
					   .params = params });
}

struct answer *
phone_empty_folder(struct phone *p, const char *folder, bool subfolders)
{
	return operate(p, false,
		       "<EmptyFolderContents>"
		       "<airsync:CollectionId>%s</airsync:CollectionId>"
		       "%s</EmptyFolderContents>",
		       folder,
		       subfolders
			       ? "<Options><DeleteSubFolders/></Options>"
			       : "");
}

struct answer *
phone_move(struct phone *p, const char *item, const char *from, const char *to)
{
	struct answer *a;
	const char *id;

	a = phone_postf(p, "MoveItems",
			"<MoveItems><Move><SrcMsgId>%s</SrcMsgId>"
			"<SrcFldId>%s</SrcFldId><DstFldId>%s</DstFldId>"
			"</Move></MoveItems>",
			item, from, to);
	id = answer_text(a, "/MoveItems/Response[Status=3]/DstMsgId");
	if (id)
		item_moved(phone_folder_id(p, from), item,
			   phone_folder_id(p, to), id);
	return a;
}

struct answer *
phone_search(struct phone *p, const char *query, const char *options)
{
	return phone_postf(p, "Search",
			   "<Search><Store><Name>Mailbox</Name><Query><And>%s"
			   "</And></Query><Options>%s</Options></Store>"
			   "</Search>",
			   query, options);
}

#include "tests/phone/check.h"

#include <libxml/parser.h>
#include <libxml/xmlschemas.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wbxml/wbxml.h>

#include "tests/phone/wire.h"

/* ---- saying what is wrong ----------------------------------------------*/

/* The first complaint stays; the document follows it. */
static void
complain(struct answer *a, const char *judge, const char *what)
{
	char *doc;

	if (a->violation)
		return;
	doc = wire_show(a->doc);
	a->violation = bytes_format("%s: %s: %s\n%s", a->cmd, judge, what,
				    doc);
	free(doc);
}

/* ---- schema ------------------------------------------------------------*/

static pthread_once_t schema_once = PTHREAD_ONCE_INIT;
static xmlSchemaPtr schema;

static void
quiet(void *ctx, const char *fmt, ...)
{
	(void)ctx;
	(void)fmt;
}

static xmlSchemaPtr
load_schema(const char *path)
{
	xmlSchemaParserCtxtPtr ctx;
	xmlSchemaPtr s;

	if (access(path, R_OK) != 0)
		return NULL;
	ctx = xmlSchemaNewParserCtxt(path);
	xmlSchemaSetParserErrors(ctx, quiet, quiet, NULL);
	s = xmlSchemaParse(ctx);
	xmlSchemaFreeParserCtxt(ctx);
	return s;
}

static void
find_schema(void)
{
	static const char *const places[] = { "../shared/spec",
					      "../../shared/spec", "spec" };
	const char *env = getenv("EASBRIDGE_SPEC");
	char path[4096];
	size_t i;

	xmlInitParser();
	xmlSetGenericErrorFunc(NULL, quiet);
	if (env) {
		snprintf(path, sizeof(path), "%s/xsd/xmllint/all.xsd", env);
		schema = load_schema(path);
	}
	for (i = 0; !schema && i < sizeof(places) / sizeof(*places); i++) {
		snprintf(path, sizeof(path), "%s/xsd/xmllint/all.xsd",
			 places[i]);
		schema = load_schema(path);
	}
	if (!schema)
		fprintf(stderr, "phone: no schemas; answers are not "
				"validated (set EASBRIDGE_SPEC)\n");
	xmlSetGenericErrorFunc(NULL, NULL);
}

bool
check_has_schemas(void)
{
	pthread_once(&schema_once, find_schema);
	return schema != NULL;
}

struct finding {
	struct bytes text;
};

static void
note_finding(void *ctx, xmlErrorPtr error)
{
	struct finding *f = ctx;
	const char *name = "";

	if (error->node)
		name = (const char *)((xmlNodePtr)error->node)->name;
	bytes_printf(&f->text, "<%s>: %s", name,
		     error->message ? error->message : "?");
}

/* Where the published schemas are stricter than the text (README of the
 * schemas): what the text allows is taken out of a copy before judging. */
static void
strip(xmlNodePtr root, const char *path)
{
	xmlNodePtr n;

	while ((n = node_find(root, path))) {
		xmlUnlinkNode(n);
		xmlFreeNode(n);
	}
}

static void
strip_allowed(xmlNodePtr root, bool old)
{
	strip(root, "Collections/Collection/Responses/Change/ApplicationData");
	if (!old)
		return;
	strip(root, "Collections/Collection/Class");
	strip(root, "Response/Collection/Class");
}

static bool
is_old(const char *version)
{
	return wire_version_bit(version) < wire_version_bit("14.0");
}

/* A root with nothing but a common Status (101 to 184): clients understand
 * it in every command, whatever the command's schema demands. */
static bool
only_common_status(xmlNodePtr root)
{
	const char *status = node_text(root, "Status");

	return status && root->children && !root->children->next &&
	       atoi(status) > 100;
}

static void
judge_schema(struct answer *a, const char *version)
{
	xmlSchemaValidCtxtPtr ctx;
	struct finding f = { { 0 } };
	xmlDocPtr copy;

	if (!check_has_schemas() ||
	    only_common_status(xmlDocGetRootElement(a->doc)))
		return;
	copy = xmlCopyDoc(a->doc, 1);
	strip_allowed(xmlDocGetRootElement(copy), is_old(version));
	ctx = xmlSchemaNewValidCtxt(schema);
	xmlSchemaSetValidStructuredErrors(ctx, note_finding, &f);
	if (xmlSchemaValidateDoc(ctx, copy) != 0)
		complain(a, "schema", f.text.p ? f.text.p : "invalid");
	xmlSchemaFreeValidCtxt(ctx);
	xmlFreeDoc(copy);
	bytes_free(&f.text);
}

/* ---- libwbxml ----------------------------------------------------------*/

static bool
uses_namespace(xmlNodePtr n, const char *ns)
{
	for (; n; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		if (n->ns && !strcmp((const char *)n->ns->href, ns))
			return true;
		if (uses_namespace(n->children, ns))
			return true;
	}
	return false;
}

/* libwbxml knows pages 0 to 24 and, in the version of Debian 12, not all
 * tokens of 16.x: unknown ones are no reason to complain there. */
static void
judge_libwbxml(struct answer *a, const char *wbxml, size_t n,
	       const char *version)
{
	WBXMLConvWBXML2XML *conv = NULL;
	WB_UTINY *xml = NULL;
	WB_ULONG n_xml = 0;
	WBXMLError err;

	if (uses_namespace(xmlDocGetRootElement(a->doc), "Find"))
		return;
	if (wbxml_conv_wbxml2xml_create(&conv) != WBXML_OK)
		return;
	wbxml_conv_wbxml2xml_set_language(conv, WBXML_LANG_ACTIVESYNC);
	err = wbxml_conv_wbxml2xml_run(conv, (WB_UTINY *)(uintptr_t)wbxml,
				       (WB_ULONG)n, &xml, &n_xml);
	wbxml_conv_wbxml2xml_destroy(conv);
	free(xml);
	if (err == WBXML_OK ||
	    (err == WBXML_ERROR_UNKNOWN_TAG && version[0] == '1' &&
	     version[1] == '6'))
		return;
	complain(a, "libwbxml", (const char *)wbxml_errors_string(err));
}

/* ---- manners -----------------------------------------------------------*/

/* What breaks real clients though schemas allow it: field reports in the
 * reference, sections 8.3, 8.4, 11, 31. */

static xmlNodePtr
first_element(xmlNodePtr n)
{
	n = n->children;
	while (n && n->type != XML_ELEMENT_NODE)
		n = n->next;
	return n;
}

static bool
is(xmlNodePtr n, const char *name)
{
	return !strcmp((const char *)n->name, name);
}

static bool
never_empty(xmlNodePtr n)
{
	static const char *const names[] = {
		"Collections", "Commands", "Responses",
		"Attachments", "To",	   "From",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is(n, names[i]) && !n->children)
			return true;
	return false;
}

static bool
is_id(xmlNodePtr n)
{
	static const char *const names[] = {
		"SyncKey",  "ServerId", "CollectionId", "ParentId",
		"SrcMsgId", "DstMsgId", "PolicyKey",
	};
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(*names); i++)
		if (is(n, names[i]))
			return true;
	return false;
}

static bool
type_is_mime(xmlNodePtr body)
{
	xmlNodePtr n;

	for (n = body->children; n != NULL; n = n->next)
		if (is(n, "Type"))
			return n->children && n->children->content &&
			       !strcmp((char *)n->children->content, "4");
	return false;
}

static void
judge_element(struct answer *a, xmlNodePtr n)
{
	const char *text = node_text(n, ".");
	char what[160];

	what[0] = '\0';
	if (never_empty(n))
		snprintf(what, sizeof(what), "empty <%s>", n->name);
	else if (is_id(n) && (strlen(text) > 64 || !*text))
		snprintf(what, sizeof(what), "<%s> of %zu characters", n->name,
			 strlen(text));
	else if (is(n, "LongId") && strlen(text) > 256)
		snprintf(what, sizeof(what), "LongId over 256 characters");
	/* MIME of S/MIME mails is the exception: there it has to stand. */
	else if (is(n, "Truncated") && !strcmp(text, "0") &&
		 !type_is_mime(n->parent))
		snprintf(what, sizeof(what), "<Truncated>0</Truncated>");
	if (*what)
		complain(a, "manners", what);
}

static void
judge_tree(struct answer *a, xmlNodePtr n)
{
	for (; n && !a->violation; n = n->next) {
		if (n->type != XML_ELEMENT_NODE)
			continue;
		judge_element(a, n);
		judge_tree(a, n->children);
	}
}

/* [Class] SyncKey CollectionId Status [MoreAvailable] then the rest. */
static void
judge_collection(struct answer *a, xmlNodePtr coll, bool old)
{
	static const char *const order[] = { "Class", "SyncKey",
					     "CollectionId", "Status",
					     "MoreAvailable" };
	xmlNodePtr n;
	size_t at = old ? 0 : 1, i;

	for (n = first_element(coll); n; n = n->next) {
		for (i = 0; i < 5 && !is(n, order[i]); i++)
			;
		if (i == 5)
			at = 5;
		else if (i == 0 && !old)
			complain(a, "manners", "Class in a Collection");
		else if (i < at)
			complain(a, "manners",
				 "order of the children of Collection");
		else
			at = i + 1;
	}
}

static void
judge_sync(struct answer *a, const char *version)
{
	bool old = is_old(version);
	xmlNodePtr root = xmlDocGetRootElement(a->doc);
	size_t i, n = node_count(root, "Collections/Collection");
	xmlNodePtr coll;

	for (i = 0; i < n; i++) {
		coll = node_nth(root, "Collections/Collection", i);
		judge_collection(a, coll, old);
	}
	if (n && node_find(root, "Status"))
		complain(a, "manners", "Status at the root beside Collections");
}

/* Parents before children, in one FolderSync. */
static void
judge_folders(struct answer *a)
{
	xmlNodePtr root = xmlDocGetRootElement(a->doc);
	size_t i, k, n = node_count(root, "Changes/Add");
	const char *parent;

	for (i = 0; i < n; i++) {
		parent = node_text(node_nth(root, "Changes/Add", i),
				   "ParentId");
		for (k = i; parent && k < n; k++)
			if (!strcmp(parent,
				    node_text(node_nth(root, "Changes/Add", k),
					      "ServerId")))
				complain(a, "manners",
					 "folder listed before its parent");
	}
}

static void
judge_manners(struct answer *a, const char *version)
{
	xmlNodePtr root = xmlDocGetRootElement(a->doc);

	if (!is(root, a->cmd))
		complain(a, "manners", "root element of another command");
	judge_tree(a, root);
	if (is(root, "Sync"))
		judge_sync(a, version);
	if (is(root, "FolderSync"))
		judge_folders(a);
}

/* ---- the answer as a whole ---------------------------------------------*/

static uint32_t
little_endian(const char *p)
{
	const unsigned char *u = (const unsigned char *)p;

	return u[0] | (uint32_t)u[1] << 8 | (uint32_t)u[2] << 16 |
	       (uint32_t)u[3] << 24;
}

static bool
cut_parts(struct answer *a)
{
	uint32_t n, i, at, len, end;

	if (a->n_raw < 4)
		return false;
	n = little_endian(a->raw);
	if (!n || n > 1000 || 4 + 8 * (size_t)n > a->n_raw)
		return false;
	a->parts = calloc(n, sizeof(*a->parts));
	a->n_parts = n;
	end = 4 + 8 * n;
	for (i = 0; i < n; i++) {
		at = little_endian(a->raw + 4 + 8 * i);
		len = little_endian(a->raw + 8 + 8 * i);
		if (at != end || at > a->n_raw || len > a->n_raw - at)
			return false;
		a->parts[i].p = a->raw + at;
		a->parts[i].n = len;
		end = at + len;
	}
	return end == a->n_raw;
}

static void
read_wbxml(struct answer *a, const char *p, size_t n, const char *version,
	   bool judge)
{
	struct wire_error e;

	a->doc = wire_decode(p, n, judge ? version : NULL, &e);
	if (!a->doc) {
		complain(a, "wbxml", e.text);
		return;
	}
	if (!judge)
		return;
	judge_schema(a, version);
	judge_libwbxml(a, p, n, version);
	judge_manners(a, version);
}

static bool
may_be_empty(const struct answer *a)
{
	return !strcmp(a->cmd, "Sync") || !strcmp(a->cmd, "SendMail") ||
	       !strcmp(a->cmd, "SmartReply") ||
	       !strcmp(a->cmd, "SmartForward") ||
	       !strcmp(a->cmd, "OPTIONS") || !strcmp(a->cmd, "GetAttachment");
}

static bool
type_is(const struct answer *a, const char *type)
{
	size_t n = strlen(type);

	return !strncasecmp(a->type, type, n) && strchr("; ", a->type[n]);
}

void
check_answer(struct answer *a, const char *version, bool judge)
{
	if (a->status != 200)
		return;
	if (!a->n_raw) {
		if (judge && !may_be_empty(a))
			complain(a, "http", "200 without a body");
	} else if (type_is(a, "application/vnd.ms-sync.wbxml") ||
		   type_is(a, "application/vnd.ms-sync")) {
		read_wbxml(a, a->raw, a->n_raw, version, judge);
	} else if (type_is(a, "application/vnd.ms-sync.multipart")) {
		if (!cut_parts(a))
			complain(a, "multipart", "offsets do not fit");
		else
			read_wbxml(a, a->parts[0].p, a->parts[0].n, version,
				   judge);
	} else if (type_is(a, "text/xml") || type_is(a, "application/xml")) {
		a->doc = xmlReadMemory(a->raw, (int)a->n_raw, "answer", NULL,
				       XML_PARSE_NONET | XML_PARSE_NOWARNING |
					       XML_PARSE_NOERROR |
					       XML_PARSE_NOBLANKS);
		if (!a->doc)
			complain(a, "xml", "does not parse");
		else if (judge)
			judge_schema(a, version);
	} else if (judge && strcmp(a->cmd, "GetAttachment") &&
		   strcmp(a->cmd, "autodiscover")) {
		complain(a, "http", "unexpected Content-Type");
	}
}

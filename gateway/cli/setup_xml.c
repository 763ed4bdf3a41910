/* Autoconfig, <clientConfig> version 1.1. Written by a stranger: names are
 * judged before they reach a file. */
#include "gateway/cli/setup.h"

#include <libxml/parser.h>
#include <libxml/tree.h>
#include <string.h>

static const xmlNode *
child(const xmlNode *n, const char *name)
{
	const xmlNode *c;

	for (c = n != NULL ? n->children : NULL; c != NULL; c = c->next)
		if (c->type == XML_ELEMENT_NODE &&
		    strcmp((const char *)c->name, name) == 0)
			return c;
	return NULL;
}

static const char *
text(struct arena *a, const xmlNode *n, const char *name)
{
	const xmlNode *c = child(n, name);
	const char *s = c != NULL && c->children != NULL
				? (const char *)c->children->content : NULL;

	return s != NULL ? arena_str(a, span_trim(span_of(s))) : "";
}

/* Letters, digits, dots and dashes. */
static bool
is_host(const char *s)
{
	return s[0] != '\0' && strlen(s) < 254 &&
	       s[strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUV"
			   "WXYZ0123456789.-")] == '\0';
}

/* As in a user file; NULL without encryption, or if it is nonsense. */
static const char *
address_of(struct arena *a, const xmlNode *server, const char *scheme)
{
	const char *host = text(a, server, "hostname");
	const char *kind = text(a, server, "socketType");
	bool tls = strcmp(kind, "SSL") == 0;
	uint32_t port;

	if (!is_host(host) || (!tls && strcmp(kind, "STARTTLS") != 0) ||
	    !span_u32(span_of(text(a, server, "port")), &port) || port == 0 ||
	    port > 65535)
		return NULL;
	return arena_printf(a, "%s%s://%s:%u", scheme, tls ? "s" : "", host,
			    port);
}

static const char *
name_of(struct arena *a, const xmlNode *server, const char *address)
{
	const char *s = text(a, server, "username");
	const char *at = strchr(address, '@');

	if (strcmp(s, "%EMAILLOCALPART%") == 0)
		return arena_str(a, span_from(address,
					      (size_t)(at - address)));
	return NULL;
}

static void
read_provider(struct arena *a, const xmlNode *p, const char *address,
	      struct found *out)
{
	const xmlNode *n;

	for (n = p != NULL ? p->children : NULL; n != NULL; n = n->next) {
		xmlChar *type;
		bool imap, smtp;

		if (n->type != XML_ELEMENT_NODE)
			continue;
		type = xmlGetProp(n, (const xmlChar *)"type");
		imap = type != NULL &&
		       strcmp((const char *)type, "imap") == 0;
		smtp = type != NULL &&
		       strcmp((const char *)type, "smtp") == 0;
		xmlFree(type);
		if (imap && out->imap == NULL &&
		    strcmp((const char *)n->name, "incomingServer") == 0) {
			out->imap = address_of(a, n, "imap");
			out->username = name_of(a, n, address);
		}
		if (smtp && out->smtp == NULL &&
		    strcmp((const char *)n->name, "outgoingServer") == 0)
			out->smtp = address_of(a, n, "smtp");
	}
}

bool
setup_autoconfig(struct arena *a, struct span xml, const char *address,
		 struct found *out)
{
	struct found f = { .by = "the domain's autoconfig" };
	xmlDocPtr doc;

	if (xml.n == 0 || xml.n > 1024 * 1024)
		return false;
	doc = xmlReadMemory(xml.p, (int)xml.n, NULL, NULL,
			    XML_PARSE_NONET | XML_PARSE_NOERROR |
			    XML_PARSE_NOWARNING);
	if (doc == NULL)
		return false;
	read_provider(a, child(xmlDocGetRootElement(doc), "emailProvider"),
		      address, &f);
	xmlFreeDoc(doc);
	if (f.imap == NULL || f.smtp == NULL)
		return false;
	*out = f;
	return true;
}

#include "gateway/cli/setup.h"

#include <string.h>

/* "imaps://host", with the port where it is not the usual one; NULL. */
static const char *
by_srv(const struct resolver *r, const char *service, const char *domain,
       const char *scheme, unsigned usual)
{
	struct srv_answer s;

	if (!resolve_srv(r, arena_printf(r->a, "_%s._tcp.%s", service,
					 domain), &s))
		return NULL;
	if (s.port == usual)
		return arena_printf(r->a, "%s://%s", scheme, s.host);
	return arena_printf(r->a, "%s://%s:%u", scheme, s.host, s.port);
}

/* RFC 6764: the service's own name, then the context path by .well-known,
 * which the driver looks at. */
static const char *
dav_by_srv(const struct resolver *r, const char *service, const char *domain)
{
	const char *s = by_srv(r, service, domain, "https", 443);

	return s != NULL ? arena_printf(r->a, "%s/", s) : NULL;
}

/* RFC 6764 5: at the domain itself, else at the mail server, where products
 * have both. */
static const char *
dav_by_well_known(const struct resolver *r, const char *domain,
		  const char *imap)
{
	struct span rest = span_of(strstr(imap, "://") + 3), host;
	const char *names[2] = { domain, NULL };
	size_t i;

	host = span_take_until(&rest, ':');
	names[1] = arena_str(r->a, host);
	for (i = 0; i < 2; i++)
		if (resolve_dav(r, arena_printf(r->a, "https://%s/.well-known/"
						"caldav", names[i])))
			return arena_printf(r->a, "https://%s/", names[i]);
	return NULL;
}

static bool
find_srv(const struct resolver *r, const char *domain, struct found *out)
{
	out->imap = by_srv(r, "imaps", domain, "imaps", 993);
	if (out->imap == NULL)
		out->imap = by_srv(r, "imap", domain, "imap", 143);
	out->smtp = by_srv(r, "submissions", domain, "smtps", 465);
	if (out->smtp == NULL)
		out->smtp = by_srv(r, "submission", domain, "smtp", 587);
	out->by = "the domain's SRV records";
	return out->imap != NULL && out->smtp != NULL;
}

static bool
find_autoconfig(const struct resolver *r, const char *domain,
		const char *address, struct found *out)
{
	const char *const urls[] = {
		arena_printf(r->a, "https://autoconfig.%s/mail/"
			     "config-v1.1.xml?emailaddress=%s", domain,
			     address),
		arena_printf(r->a, "https://%s/.well-known/autoconfig/mail/"
			     "config-v1.1.xml", domain),
	};
	struct span xml;
	size_t i;

	for (i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		if (resolve_url(r, urls[i], &xml) &&
		    setup_autoconfig(r->a, xml, address, out))
			return true;
	return false;
}

/* Names only; whether somebody answers there is for the try to say. */
static bool
find_usual(const struct resolver *r, const char *domain, struct found *out)
{
	const char *imap = arena_printf(r->a, "imap.%s", domain);
	const char *smtp = arena_printf(r->a, "smtp.%s", domain);
	const char *mail = arena_printf(r->a, "mail.%s", domain);

	if (r->text.p != NULL)
		return false;
	if (!resolve_host(r, imap))
		imap = mail;
	if (!resolve_host(r, smtp))
		smtp = mail;
	if (!resolve_host(r, imap) || !resolve_host(r, smtp))
		return false;
	out->by = "names that are usual (a guess)";
	out->imap = arena_printf(r->a, "imaps://%s", imap);
	out->smtp = arena_printf(r->a, "smtps://%s", smtp);
	return true;
}

static bool
find_preset(const struct resolver *r, const char *domain, struct found *out)
{
	const char *mx;

	out->preset = preset_of_domain(domain);
	out->by = "the domain";
	if (out->preset != NULL)
		return true;
	mx = resolve_mx(r, domain);
	if (mx != NULL)
		out->preset = preset_of_mx(mx);
	out->by = "the domain's mail exchanger";
	return out->preset != NULL;
}

bool
setup_find(const struct resolver *r, const char *address, struct found *out)
{
	const char *domain = strchr(address, '@') + 1;

	*out = (struct found){ 0 };
	if (find_preset(r, domain, out))
		return true;
	if (!find_srv(r, domain, out) &&
	    !find_autoconfig(r, domain, address, out) &&
	    !find_usual(r, domain, out))
		return false;
	out->contacts = dav_by_srv(r, "carddavs", domain);
	out->calendars = dav_by_srv(r, "caldavs", domain);
	if (out->contacts == NULL && out->calendars == NULL)
		out->dav = dav_by_well_known(r, domain, out->imap);
	return true;
}

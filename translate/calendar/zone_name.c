#include "translate/calendar/zone_name.h"

#include <string.h>
#include <unicode/ucal.h>
#include <unicode/uenum.h>
#include <unicode/ustring.h>

const char *
zone_from_windows(struct arena *a, const char *name)
{
	UErrorCode rc = U_ZERO_ERROR;
	UChar win[128], id[128];
	char out[128];
	int32_t n;

	if (strlen(name) > 100)
		return NULL;
	u_strFromUTF8(win, 128, NULL, name, -1, &rc);
	n = ucal_getTimeZoneIDForWindowsID(win, -1, NULL, id, 127, &rc);
	if (U_FAILURE(rc) || n <= 0)
		return NULL;
	id[n] = 0;
	u_strToUTF8(out, sizeof(out), NULL, id, n, &rc);
	return U_FAILURE(rc) ? NULL : arena_printf(a, "%s", out);
}

/* CLDR's one name for all names of a zone; false for nobody's names and for
 * offsets like GMT+01:00. */
static bool
canonical(const UChar *id, int32_t n, UChar *out, int32_t room)
{
	UErrorCode rc = U_ZERO_ERROR;
	UBool system = 0;
	int32_t len = ucal_getCanonicalTimeZoneID(id, n, out, room - 1,
						  &system, &rc);

	if (U_FAILURE(rc) || !system || len <= 0 || len >= room)
		return false;
	out[len] = 0;
	return true;
}

static const char *
same_zone(struct arena *a, UEnumeration *all, const UChar *want,
	  bool (*known)(const char *name))
{
	UErrorCode rc = U_ZERO_ERROR;
	UChar mine[128];
	char name[128];
	const UChar *id;
	int32_t n;

	while ((id = uenum_unext(all, &n, &rc)) != NULL && U_SUCCESS(rc)) {
		if (!canonical(id, n, mine, 128) || u_strcmp(mine, want) != 0)
			continue;
		u_strToUTF8(name, sizeof(name), NULL, id, n, &rc);
		if (U_SUCCESS(rc) && known(name))
			return arena_printf(a, "%s", name);
	}
	return NULL;
}

const char *
zone_other_name(struct arena *a, const char *iana,
		bool (*known)(const char *name))
{
	UErrorCode rc = U_ZERO_ERROR;
	UChar id[128], want[128];
	UEnumeration *all;
	const char *found = NULL;
	int32_t n = 0;

	if (strlen(iana) > 100)
		return NULL;
	u_strFromUTF8(id, 128, &n, iana, -1, &rc);
	if (U_FAILURE(rc) || !canonical(id, n, want, 128))
		return NULL;
	all = ucal_openTimeZoneIDEnumeration(UCAL_ZONE_TYPE_ANY, NULL, NULL,
					     &rc);
	if (U_SUCCESS(rc)) {
		found = same_zone(a, all, want, known);
		uenum_close(all);
	}
	return found;
}

const char *
zone_to_windows(struct arena *a, const char *iana)
{
	UErrorCode rc = U_ZERO_ERROR;
	UChar id[128], win[128];
	char out[128];
	int32_t n;

	if (strlen(iana) > 100)
		return NULL;
	u_strFromUTF8(id, 128, NULL, iana, -1, &rc);
	n = ucal_getWindowsTimeZoneID(id, -1, win, 127, &rc);
	if (U_FAILURE(rc) || n <= 0)
		return NULL;
	win[n] = 0;
	u_strToUTF8(out, sizeof(out), NULL, win, n, &rc);
	return U_FAILURE(rc) ? NULL : arena_printf(a, "%s", out);
}

"""The queries by which a schema is read from PostgreSQL's catalogs (13 to 18).

Each gives rows (key, definition); the keys are those of `domain.database.schema.Schema`. They run with an empty
search path, so that every name they print is a whole one. What belongs to an extension is left out.
"""

from typing import LiteralString

COMMON = """
WITH spaces AS (
    SELECT n.oid, n.nspname, n.nspowner, n.nspacl FROM pg_namespace n
    WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_namespace'::regclass
        AND d.objid = n.oid AND d.deptype = 'e')),
extended AS (SELECT classid, objid FROM pg_depend WHERE deptype = 'e'),
ignored AS (
    SELECT c.oid FROM pg_class c WHERE c.relname = ANY(%(ignored)s)
    UNION ALL SELECT d.objid FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid
    WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass
    AND d.deptype IN ('a', 'i') AND t.relname = ANY(%(ignored)s)),
relations AS (
    SELECT c.*, s.nspname, format('%%I.%%I', s.nspname, c.relname) AS name,
        CASE c.relkind WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table'
            WHEN 'S' THEN 'sequence' WHEN 'c' THEN 'type' ELSE 'table' END AS kind
    FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
    WHERE c.oid NOT IN (SELECT oid FROM ignored)
    AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_class'::regclass AND e.objid = c.oid)),
columns AS (
    SELECT a.*, r.kind, format('column %%s.%%I', r.name, a.attname) AS key
    FROM pg_attribute a JOIN relations r ON r.oid = a.attrelid
    WHERE r.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped)
"""

SCHEMAS = "SELECT format('schema %%I', nspname), '' FROM spaces"

TABLES = """
SELECT kind || ' ' || name, concat_ws('; ',
    CASE relpersistence WHEN 'u' THEN 'unlogged' END,
    'partitioned by ' || pg_get_partkeydef(oid),
    'partition ' || pg_get_expr(relpartbound, oid),
    (SELECT 'below ' || string_agg(i.inhparent::regclass::text, ', ' ORDER BY i.inhseqno)
        FROM pg_inherits i WHERE i.inhrelid = relations.oid),
    CASE WHEN relrowsecurity THEN 'row security' END,
    CASE WHEN relforcerowsecurity THEN 'row security also for the owner' END,
    'with ' || array_to_string(reloptions, ', '))
FROM relations WHERE relkind IN ('r', 'p', 'f')
"""

COLUMNS = "SELECT key, format_type(atttypid, atttypmod) FROM columns"

NULLABLE = """
SELECT key || ': null', CASE WHEN attnotnull THEN 'not allowed' ELSE 'allowed' END FROM columns
"""

DEFAULTS = """
SELECT key || CASE attgenerated WHEN '' THEN ': default' ELSE ': generated' END,
    CASE WHEN s.oid IS NULL THEN '' ELSE 'nextval of its own sequence' END,
    CASE WHEN s.oid IS NULL THEN pg_get_expr(d.adbin, d.adrelid) ELSE '' END
FROM columns c JOIN pg_attrdef d ON (d.adrelid, d.adnum) = (c.attrelid, c.attnum)
LEFT JOIN LATERAL (SELECT q.oid FROM pg_depend o JOIN pg_class q ON q.oid = o.objid AND q.relkind = 'S'
    JOIN pg_depend u ON u.refobjid = q.oid AND u.classid = 'pg_attrdef'::regclass AND u.objid = d.oid
    WHERE o.classid = 'pg_class'::regclass AND o.deptype = 'a'
    AND (o.refobjid, o.refobjsubid) = (c.attrelid, c.attnum)
    AND pg_get_expr(d.adbin, d.adrelid) = format('nextval(%%L::regclass)', q.oid::regclass) LIMIT 1) s ON true
"""

IDENTITIES = """
SELECT key || ': identity', CASE attidentity WHEN 'a' THEN 'always' ELSE 'by default' END
FROM columns WHERE attidentity <> ''
"""

COLLATIONS = """
SELECT key || ': collation', c.attcollation::regcollation::text
FROM columns c JOIN pg_type t ON t.oid = c.atttypid
WHERE c.attcollation <> t.typcollation AND c.attcollation <> 0
"""

VIEWS = """
SELECT kind || ' ' || name,
    concat_ws(E'\\n', 'with ' || array_to_string(reloptions, ', '), pg_get_viewdef(oid))
FROM relations WHERE relkind IN ('v', 'm')
"""

SEQUENCES = """
SELECT CASE WHEN o.objid IS NULL THEN 'sequence ' || r.name
        ELSE format('sequence on %%s: of %%I', o.refobjid::regclass, a.attname) END,
    format('%%s from %%s by %%s, %%s to %%s, cache %%s%%s', format_type(s.seqtypid, NULL), s.seqstart,
        s.seqincrement, s.seqmin, s.seqmax, s.seqcache, CASE WHEN s.seqcycle THEN ', cycle' END)
FROM relations r JOIN pg_sequence s ON s.seqrelid = r.oid
LEFT JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = r.oid AND o.deptype IN ('a', 'i')
    AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0
LEFT JOIN pg_attribute a ON (a.attrelid, a.attnum) = (o.refobjid, o.refobjsubid)
"""

FUNCTIONS = """
SELECT format('%%s %%I.%%I(%%s)', CASE p.prokind WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate'
        ELSE 'function' END, s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
    CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid)
        ELSE (SELECT concat_ws(' ', g.aggtransfn::regprocedure, g.aggfinalfn::regprocedure,
            g.aggtranstype::regtype, g.agginitval, g.aggsortop) FROM pg_aggregate g WHERE g.aggfnoid = p.oid) END
FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
WHERE NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)
"""

TRIGGERS = """
SELECT format('trigger on %%s: %%I', r.name, t.tgname), pg_get_triggerdef(t.oid)
    || CASE t.tgenabled WHEN 'D' THEN ' (disabled)' WHEN 'R' THEN ' (on a replica only)'
        WHEN 'A' THEN ' (also on a replica)' ELSE '' END
FROM pg_trigger t JOIN relations r ON r.oid = t.tgrelid WHERE NOT t.tgisinternal
"""

RULES = """
SELECT format('rule on %%s: %%I', r.name, w.rulename), pg_get_ruledef(w.oid)
FROM pg_rewrite w JOIN relations r ON r.oid = w.ev_class WHERE w.rulename <> '_RETURN'
"""

POLICIES = """
SELECT format('policy on %%s: %%I', r.name, p.polname), concat_ws('; ',
    CASE WHEN p.polpermissive THEN 'permissive' ELSE 'restrictive' END, 'for ' || p.polcmd::text,
    'to ' || (SELECT string_agg(CASE WHEN m = 0 THEN 'public' ELSE pg_get_userbyid(m)::text END, ', ' ORDER BY 1)
        FROM unnest(p.polroles) m),
    'using ' || pg_get_expr(p.polqual, p.polrelid), 'check ' || pg_get_expr(p.polwithcheck, p.polrelid))
FROM pg_policy p JOIN relations r ON r.oid = p.polrelid
"""

TYPES = """
SELECT CASE t.typtype WHEN 'e' THEN 'enum ' WHEN 'd' THEN 'domain ' ELSE 'type ' END
        || format('%%I.%%I', s.nspname, t.typname),
    CASE t.typtype
    WHEN 'e' THEN (SELECT string_agg(quote_literal(e.enumlabel), ', ' ORDER BY e.enumsortorder)
        FROM pg_enum e WHERE e.enumtypid = t.oid)
    WHEN 'd' THEN concat_ws('; ', format_type(t.typbasetype, t.typtypmod),
        CASE WHEN t.typnotnull THEN 'not null' END, 'default ' || t.typdefault,
        (SELECT string_agg(pg_get_constraintdef(k.oid), '; ' ORDER BY pg_get_constraintdef(k.oid))
            FROM pg_constraint k WHERE k.contypid = t.oid AND k.contype = 'c'))
    WHEN 'c' THEN (SELECT string_agg(format('%%I %%s', a.attname, format_type(a.atttypid, a.atttypmod)), ', '
            ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = t.typrelid AND a.attnum > 0 AND NOT a.attisdropped)
    ELSE (SELECT 'range of ' || format_type(g.rngsubtype, NULL) FROM pg_range g WHERE g.rngtypid = t.oid) END
FROM pg_type t JOIN spaces s ON s.oid = t.typnamespace LEFT JOIN pg_class c ON c.oid = t.typrelid
WHERE t.typtype IN ('e', 'd', 'c', 'r') AND (c.oid IS NULL OR c.relkind = 'c')
AND NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_type'::regclass AND e.objid = t.oid)
"""

STATISTICS = """
SELECT format('statistics %%I.%%I', s.nspname, x.stxname), pg_get_statisticsobjdef(x.oid)
FROM pg_statistic_ext x JOIN spaces s ON s.oid = x.stxnamespace
"""

EXTENSIONS = "SELECT format('extension %%I', extname), '' FROM pg_extension"

EVENT_TRIGGERS = """
SELECT format('event trigger %%I', evtname),
    concat_ws(' ', evtevent, evtfoid::regprocedure, array_to_string(evttags, ', '), evtenabled)
FROM pg_event_trigger g
WHERE NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_event_trigger'::regclass AND e.objid = g.oid)
"""

PRIVILEGES = """
SELECT format('%%s: privileges of %%s', o.key,
        CASE WHEN x.grantee = 0 THEN 'public' ELSE pg_get_userbyid(x.grantee)::text END),
    string_agg(x.privilege_type || CASE WHEN x.is_grantable THEN ' with grant option' ELSE '' END, ', '
        ORDER BY x.privilege_type)
FROM (
    SELECT kind || ' ' || name AS key, relowner AS owner, relacl AS acl FROM relations
        WHERE relkind IN ('r', 'p', 'v', 'm', 'f', 'S')
    UNION ALL SELECT c.key, r.relowner, c.attacl FROM columns c JOIN relations r ON r.oid = c.attrelid
    UNION ALL SELECT format('schema %%I', nspname), nspowner, nspacl FROM spaces
    UNION ALL SELECT format('%%s %%I.%%I(%%s)', CASE p.prokind WHEN 'p' THEN 'procedure'
            WHEN 'a' THEN 'aggregate' ELSE 'function' END,
            s.nspname, p.proname, pg_get_function_identity_arguments(p.oid)),
        p.proowner, coalesce(p.proacl, acldefault('f', p.proowner))
        FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
        WHERE NOT EXISTS (SELECT FROM extended e WHERE e.classid = 'pg_proc'::regclass AND e.objid = p.oid)) o,
    LATERAL aclexplode(o.acl) x
WHERE x.grantee <> o.owner GROUP BY 1
"""

COLUMN_ORDER = """
SELECT format('order of columns in %%s', c.attrelid::regclass),
    string_agg(quote_ident(c.attname), ', ' ORDER BY c.attnum) FROM columns c GROUP BY c.attrelid
"""

SEQUENCE_NAMES = """
SELECT format('name of the sequence of %%s.%%I', o.refobjid::regclass, a.attname), r.name
FROM relations r JOIN pg_depend o ON o.classid = 'pg_class'::regclass AND o.objid = r.oid
    AND o.deptype IN ('a', 'i') AND o.refclassid = 'pg_class'::regclass AND o.refobjsubid > 0
JOIN pg_attribute a ON (a.attrelid, a.attnum) = (o.refobjid, o.refobjsubid) WHERE r.relkind = 'S'
"""

EXTENSION_VERSIONS = "SELECT format('version of extension %%I', extname), extversion FROM pg_extension"

COMMENTS = """
SELECT format('comment on %%s %%s', i.type, i.identity), d.description
FROM pg_description d, LATERAL pg_identify_object(d.classoid, d.objoid, d.objsubid) i
WHERE (i.schema IN (SELECT nspname FROM spaces) OR split_part(i.identity, '.', 1) IN (SELECT nspname FROM spaces)
    OR i.identity ~ ' on ')
AND NOT EXISTS (SELECT FROM extended e WHERE (e.classid, e.objid) = (d.classoid, d.objoid))
AND NOT (d.classoid = 'pg_class'::regclass AND d.objoid IN (SELECT oid FROM ignored))
"""

CONSTRAINTS = """
SELECT r.name, r.relname, pg_get_constraintdef(k.oid), k.conname
FROM pg_constraint k JOIN relations r ON r.oid = k.conrelid WHERE k.contype IN ('p', 'u', 'c', 'f', 'x')
"""

INDEXES = """
SELECT r.name, r.relname, pg_get_indexdef(i.indexrelid) || CASE WHEN i.indisvalid THEN '' ELSE ' (invalid)' END,
    c.relname
FROM pg_index i JOIN relations r ON r.oid = i.indrelid JOIN pg_class c ON c.oid = i.indexrelid
WHERE NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
"""

OBJECTS = (
    SCHEMAS, TABLES, COLUMNS, NULLABLE, IDENTITIES, COLLATIONS, VIEWS, SEQUENCES, FUNCTIONS, TRIGGERS, RULES,
    POLICIES, TYPES, STATISTICS, EXTENSIONS, EVENT_TRIGGERS, PRIVILEGES,
)  # fmt: skip
COSMETIC = (COLUMN_ORDER, SEQUENCE_NAMES, EXTENSION_VERSIONS, COMMENTS)


def _grouped(group: LiteralString, wanted: tuple[LiteralString, ...]) -> tuple[LiteralString, ...]:
    return tuple(
        f"SELECT '{group}', found.* FROM ({query}) AS found (key, definition)"  # noqa: S608 - of the constants above
        for query in wanted
    )


ALL = " UNION ALL ".join((*_grouped("object", OBJECTS), *_grouped("cosmetic", COSMETIC)))
"""Rows (`object` or `cosmetic`, key, definition)."""

TABLES_WITH_ROWS = "SELECT nspname, relname, name FROM relations WHERE relkind = 'r' ORDER BY name"

namespace Hikyaku.Gateway.Sessions;

/// <summary>What was decided about an administrator's domains after a sign-in, as a part of SQL that sessions and tokens share.</summary>
internal static class LaterAppointments
{
    /// <summary>
    /// Joins <c>later</c> (the domains given and taken, and a standing that changes with them) to a row <c>s</c> that has role, login and
    /// signed_in_at. Only what was decided after the sign-in counts, which knew what was decided before it: an old event that is delivered days
    /// late must not bring a domain back. Five minutes, as clocks differ.
    /// </summary>
    public const string Join = """
        cross join lateral (
            select coalesce(array_agg(a.domain) filter (where a.appointed), '{}') as given,
                   coalesce(array_agg(a.domain) filter (where not a.appointed), '{}') as taken,
                   coalesce(sum(a.position), 0)::bigint as standing
            from appointment a
            where s.role = 'admin' and a.login = s.login and a.decided_at > s.signed_in_at - interval '5 minutes') later
        """;
}

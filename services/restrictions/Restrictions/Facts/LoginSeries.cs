using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Restrictions.Facts;

/// <summary>The series that is counted from logins (OPS-1), those to the panel and the API too.</summary>
internal static class LoginSeries
{
    private const string Accepted = "accepted";

    public static readonly StatSeries All = new(
        "logins", [new(Accepted), new(LoginFailures.Credentials), new(LoginFailures.Restricted), new(LoginFailures.Other)],
        span => $"""
            select case when success = 1 then {Accepted} when failure in ({LoginFailures.Credentials}, {LoginFailures.Restricted}) then failure else {LoginFailures.Other} end,
                   floor(extract(epoch from at - {span.From}) / {span.StepSeconds})::int, sum(count)::bigint
            from login
            where at >= {span.From} and at < {span.To} and ({span.Domain}::text is null or split_part(coalesce(name, ''), '@', 2) = {span.Domain}::text)
            group by 1, 2
            """);
}

using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;

namespace Hikyaku.Spam.Deliveries;

/// <summary>
/// The series that are counted from deliveries (OPS-1). A message to two accounts counts twice, as each of them has it; what an account
/// sends to many counts once.
/// </summary>
internal static class MailSeries
{
    public static readonly IReadOnlyList<StatSeries> All =
    [
        new("mail", [new("received"), new("sent"), new("refused"), new("returned")], Mail),
        new("verdicts", [new("ham"), new("spam"), new("virus"), new("unscanned")], Verdicts),
    ];

    // A copy that is forwarded and a reply are no messages of their own. Returned are recipients: the others of the message may have it.
    private static FormattableString Mail(StatSpan span) => $"""
        select part, floor(extract(epoch from at - {span.From}) / {span.StepSeconds})::int, count(*)
        from (
            select case when kind = 'taken' then direction when kind = 'refused' then 'refused' else 'returned' end as part, at,
                   split_part(lower(coalesce(case when direction = 'sent' then coalesce(login, sender) else recipient end, '')), '@', 2) as domain
            from delivery
            where at >= {span.From} and at < {span.To} and way = 'delivery' and kind in ('taken', 'refused', 'bounced', 'expired')) as step
        where {span.Domain}::text is null or domain = {span.Domain}::text
        group by 1, 2
        """;

    // A verdict names nobody: whose it is stands where the message was taken.
    private static FormattableString Verdicts(StatSpan span) => $"""
        select d.verdict, floor(extract(epoch from d.at - {span.From}) / {span.StepSeconds})::int, count(*)
        from delivery d
        where d.at >= {span.From} and d.at < {span.To} and d.kind = {DeliveryKinds.Judged} and d.verdict is not null
          and ({span.Domain}::text is null or exists (
              select from delivery t where t.account_id = d.account_id and t.delivery = d.delivery and t.direction = d.direction and t.kind = {DeliveryKinds.Taken}
                and split_part(lower(coalesce(case when t.direction = 'sent' then coalesce(t.login, t.sender) else t.recipient end, '')), '@', 2) = {span.Domain}::text))
        group by 1, 2
        """;
}

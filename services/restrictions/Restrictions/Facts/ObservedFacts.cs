using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Hikyaku.Restrictions.Sources;

namespace Hikyaku.Restrictions.Facts;

/// <summary>A login as a node or the gateway observed it, and its name among facts.</summary>
internal sealed record LoginFact(string Id, LoginObserved Login)
{
    public string? Network { get; } = Networks.Of(Login.Source);
}

/// <summary>A message that was submitted, and what was made of it.</summary>
internal sealed record SubmissionFact(SubmissionObserved Submission, string AddressKey, string Domain, int FirstTime)
{
    public string? Network { get; } = Networks.Of(Submission.Source);
}

/// <summary>What became of what an account sent: another server refused a recipient, or the spam filter judged it spam.</summary>
internal sealed record SendingSign(string Id, DateTimeOffset At, string AccountId, string Kind, string? Recipient);

/// <summary>The facts by which abuse is judged (RST-2, OPS-7).</summary>
internal static class ObservedFacts
{
    /// <summary>How long they are kept, in days: as long as a network stays known, and a policy can be tried on them.</summary>
    public const int KeptDays = 30;

    public static readonly FactKind<LoginFact> Logins = new(
        "login", "personal", "Finds guessed passwords, and tells an account's user which device has an old one.", KeptDays, f => f.Login.At, f => f.Id)
    {
        AccountColumn = "account_id",
        Columns =
        [
            FactColumn.Text<LoginFact>("account_id", f => f.Login.AccountId), FactColumn.Text<LoginFact>("name", f => f.Login.Login),
            FactColumn.Text<LoginFact>("source", f => f.Login.Source), FactColumn.Text<LoginFact>("network", f => f.Network),
            FactColumn.Text<LoginFact>("protocol", f => f.Login.Protocol, required: true), FactColumn.Number<LoginFact>("tls", f => f.Login.Tls ? 1 : 0),
            FactColumn.Number<LoginFact>("success", f => f.Login.Success ? 1 : 0), FactColumn.Text<LoginFact>("failure", f => f.Login.Failure ?? (f.Login.Success ? null : LoginFailures.Credentials)),
            FactColumn.Text<LoginFact>("password", f => f.Login.Password), FactColumn.Text<LoginFact>("client", f => f.Login.Client),
            FactColumn.Number<LoginFact>("count", f => f.Login.Count),
        ],
        Indexes =
            """
            create index if not exists login_of_account on login (account_id, at);
            create index if not exists login_failures on login (network, at) where failure = 'credentials';
            """,
    };

    public static readonly FactKind<SubmissionFact> Submissions = new(
        "submission", "personal", "Finds mass sending and accounts that somebody else uses.", KeptDays, f => f.Submission.At, f => f.Submission.Id)
    {
        AccountColumn = "account_id",
        Columns =
        [
            FactColumn.Text<SubmissionFact>("account_id", f => f.Submission.AccountId), FactColumn.Text<SubmissionFact>("address_key", f => f.AddressKey, required: true),
            FactColumn.Text<SubmissionFact>("domain", f => f.Domain, required: true), FactColumn.Text<SubmissionFact>("source", f => f.Submission.Source),
            FactColumn.Text<SubmissionFact>("network", f => f.Network), FactColumn.Number<SubmissionFact>("recipients", f => f.Submission.Recipients),
            FactColumn.Number<SubmissionFact>("first_time", f => f.FirstTime), FactColumn.Number<SubmissionFact>("size", f => f.Submission.Size),
            FactColumn.Text<SubmissionFact>("queue_id", f => f.Submission.QueueId), FactColumn.Text<SubmissionFact>("sent_to", f => string.Join('\n', f.Submission.To)),
        ],
        Indexes =
            """
            create index if not exists submission_of_address on submission (address_key, at) include (recipients, first_time);
            create index if not exists submission_of_domain on submission (domain, at) include (recipients);
            create index if not exists submission_of_account on submission (account_id, at);
            """,
    };

    public static readonly FactKind<SendingSign> Signs = new(
        "sending_sign", "personal", "Finds accounts whose mail other servers refuse or whose mail is spam.", KeptDays, f => f.At, f => f.Id)
    {
        AccountColumn = "account_id",
        Columns =
        [
            FactColumn.Text<SendingSign>("account_id", f => f.AccountId, required: true), FactColumn.Text<SendingSign>("kind", f => f.Kind, required: true),
            FactColumn.Text<SendingSign>("recipient", f => f.Recipient),
        ],
        Indexes = "create index if not exists sending_sign_of_account on sending_sign (account_id, at);",
    };
}

using Hikyaku.Panel.Parts;

namespace Hikyaku.Panel.Screens.Operations.Restrictions;

/// <summary>Something that was observed of an account.</summary>
/// <param name="At">When.</param>
/// <param name="Type">login, submission, failed, spam, restricted or lifted.</param>
/// <param name="Network">From which network.</param>
/// <param name="Source">From which address.</param>
/// <param name="Protocol">Of a login.</param>
/// <param name="Client">Of a login: what the program calls itself.</param>
/// <param name="Failure">Of a login that was not let in: why.</param>
/// <param name="Recipients">Of a submission: how many.</param>
/// <param name="FirstTime">Of those, to how many the account never wrote before.</param>
/// <param name="To">Some of them.</param>
/// <param name="QueueId">The message's name in the queue.</param>
/// <param name="Kind">Of a restriction.</param>
/// <param name="Reference">Of a restriction.</param>
public sealed record CaseFact(
    DateTimeOffset At, string Type, string? Network, string? Source, string? Protocol, string? Client, string? Failure, long? Recipients, long? FirstTime, IReadOnlyList<string>? To,
    string? QueueId, string? Kind, string? Reference)
{
    /// <summary>What happened.</summary>
    public string Words => (Type, Failure) switch
    {
        ("login", null) => RestrictionsTexts.LoginLetIn,
        ("login", "credentials") => RestrictionsTexts.LoginWrong,
        ("login", "restricted") => RestrictionsTexts.LoginRestricted,
        ("login", _) => RestrictionsTexts.LoginFailed,
        ("submission", _) => Format.Fill(RestrictionsTexts.Submission, Format.Number(Recipients ?? 0), Format.Number(FirstTime ?? 0)),
        ("failed", _) => RestrictionsTexts.RecipientFailed,
        ("spam", _) => RestrictionsTexts.JudgedSpam,
        ("restricted", _) => Format.Fill(RestrictionsTexts.BeganFact, AccountStatus.Word(Kind ?? "")),
        ("lifted", _) => Format.Fill(RestrictionsTexts.EndedFact, AccountStatus.Word(Kind ?? "")),
        _ => Type, // one of a later release
    };

    /// <summary>What is known besides.</summary>
    public string More => string.Join(" · ", new[] { Source, Protocol?.ToUpperInvariant(), Client, QueueId, To is { Count: > 0 } to ? string.Join(", ", to) : null, Reference }.Where(p => !string.IsNullOrEmpty(p)));
}

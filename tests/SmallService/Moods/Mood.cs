using Hikyaku.Platform;

namespace Hikyaku.Moods;

/// <summary>Somebody has this mood now.</summary>
public sealed record MoodSet(string AccountId, string Domain, [property: PersonalData] string Mood, DateTimeOffset At);

/// <summary>The account is deleted, and its mood with it.</summary>
public sealed record MoodForgotten(DateTimeOffset At);

/// <summary>The mood of an account. The stream has the account's id.</summary>
public sealed record Mood : IState<Mood>
{
    /// <summary>The events of this stream.</summary>
    public static readonly Type[] Events = [typeof(MoodSet), typeof(MoodForgotten)];

    /// <summary>The account's id.</summary>
    public required string Id { get; init; }

    /// <summary>The account's domain in A-labels.</summary>
    public required string Domain { get; init; }

    /// <summary>calm, glad or angry; empty when it is forgotten.</summary>
    public required string Current { get; init; }

    /// <inheritdoc/>
    public static Mood? Evolve(Mood? state, object e) => e switch
    {
        MoodSet s => new() { Id = s.AccountId, Domain = s.Domain, Current = s.Mood },
        MoodForgotten => state! with { Current = "" },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a mood"),
    };
}

/// <summary>Sets an account's mood.</summary>
public sealed record SetMood(string AccountId, string Domain, string? Mood, DateTimeOffset Now)
{
    private static readonly string[] Moods = ["calm", "glad", "angry"];

    /// <summary>What history compares and an undo puts back.</summary>
    public static readonly StreamHistory History = new([new Setting("mood").SetBy<MoodSet>(s => s.Mood)]) { Hidden = ["accountId", "domain"] };

    /// <summary>Decides; pure. The mood that somebody has already is not set again.</summary>
    public static Decision Decide(SetMood command, Mood? mood)
        => !Moods.Contains(command.Mood) ? Decision.Reject(new Rejection(MoodsProblems.Unknown, "mood"))
            : Decision.Accept(mood?.Current == command.Mood ? [] : [new MoodSet(command.AccountId, command.Domain, command.Mood!, command.Now)]);

    /// <summary>Decides to give the mood that was there before; pure.</summary>
    public static Decision PutBack(Mood mood, PutBack undo)
        => Decide(new(mood.Id, mood.Domain, (string?)undo.Earlier["mood"] ?? "calm", undo.Now), mood);
}

using System.Globalization;
using System.Resources;
using System.Text.Json.Serialization;

namespace Hikyaku.Platform.Tests;

// A miniature stream for the platform's own tests: a courier's parcel.

public sealed record ParcelPosted(string Parcel, string To, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] DateTimeOffset At = default);

public sealed record ParcelLabelled([property: PersonalData] string Label, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] DateTimeOffset At = default);

public sealed record ParcelWeighed(int Grams, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingDefault)] DateTimeOffset At = default);

public sealed record Parcel : IState<Parcel>
{
    public required string Id { get; init; }

    public required string To { get; init; }

    public string? Label { get; init; }

    public int Weighings { get; init; }

    public static Parcel? Evolve(Parcel? state, object e) => e switch
    {
        ParcelPosted p => new() { Id = p.Parcel, To = p.To },
        ParcelLabelled l => state! with { Label = l.Label },
        ParcelWeighed => state! with { Weighings = state.Weighings + 1 },
        _ => throw new InvalidOperationException($"{e.GetType()} is no event of a parcel"),
    };
}

public static class ParcelRules
{
    private static readonly ResourceManager Texts = new CodesAsTexts();

    public static readonly ProblemCode AlreadyPosted = new("parcels.already-posted", 409, Texts);

    public static readonly ProblemCode NoLabel = new("parcels.no-label", 422, Texts);

    public static readonly ProblemCode LabelTooLong = new("parcels.label-too-long", 422, Texts);

    public static readonly IReadOnlyList<ProblemCode> All = [AlreadyPosted, NoLabel, LabelTooLong];

    /// <summary>Its user does not learn what was weighed.</summary>
    public static readonly StreamHistory History = new(
    [
        new Setting("label").SetBy<ParcelPosted>(_ => null).SetBy<ParcelLabelled>(l => l.Label),
        new Setting("grams", MayBePutBack: false).SetBy<ParcelPosted>(_ => 0).SetBy<ParcelWeighed>(w => w.Grams),
    ])
    {
        Hidden = ["parcel"],
        HiddenFromUsers = ["grams"],
        MayUndo = [Roles.Operator],
        WhyNot = e => e is ParcelPosted ? AlreadyPosted : PlatformProblems.NotUndoable,
    };

    public static Decision Post(Parcel? parcel, string id, string to, DateTimeOffset now = default)
        => parcel is null ? Decision.Accept(new ParcelPosted(id, to, now)) : Decision.Reject(new Rejection(AlreadyPosted));

    public static Decision Label(Parcel parcel, string label, DateTimeOffset now = default)
    {
        List<Rejection> broken = [];
        if (label.Trim().Length == 0) broken.Add(new(NoLabel, "label"));
        if (label.Length > 10) broken.Add(new(LabelTooLong, "label", ("max", 10)));
        return Decision.Unless(broken, () => parcel.Label == label ? [] : [new ParcelLabelled(label, now)]);
    }

    // Every weighing counts: not idempotent by design.
    public static Decision Weigh(int grams, DateTimeOffset now = default) => Decision.Accept(new ParcelWeighed(grams, now));
}

/// <summary>Texts that nobody reads: each code stands for itself.</summary>
internal sealed class CodesAsTexts : ResourceManager
{
    public override string GetString(string name, CultureInfo? culture) => name;
}

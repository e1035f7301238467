namespace Hikyaku.Architecture.Tests.Planted;

internal sealed record LetterSent(string To);

internal sealed record LetterSealed;

internal sealed record Letter(string To, bool Sealed)
{
    public static Letter? Evolve(Letter? state, object e) => e switch
    {
        LetterSent s => new(s.To, false),
        LetterSealed => state! with { Sealed = true },
        _ => throw new InvalidOperationException(),
    };
}

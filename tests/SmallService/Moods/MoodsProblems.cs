using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Moods;

/// <summary>Every 'no' of the service. Texts: MoodsProblems.resx and .ja.resx.</summary>
public static class MoodsProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Moods.MoodsProblems", typeof(MoodsProblems).Assembly);

    internal static readonly ProblemCode Unknown = new("moods.unknown", 422, Texts);

    /// <summary>Every code of this page.</summary>
    public static readonly IReadOnlyList<ProblemCode> All = [Unknown];
}

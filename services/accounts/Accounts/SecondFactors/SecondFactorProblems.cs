using System.Resources;
using Hikyaku.Platform;

namespace Hikyaku.Accounts.SecondFactors;

/// <summary>Every 'no' about second factors. Texts: SecondFactorProblems.resx and .ja.resx.</summary>
public static class SecondFactorProblems
{
    private static readonly ResourceManager Texts = new("Hikyaku.Accounts.SecondFactors.SecondFactorProblems", typeof(SecondFactorProblems).Assembly);

    internal static readonly ProblemCode CodeWrong = new("second-factor.code-wrong", 422, Texts);
    internal static readonly ProblemCode AlreadyOn = new("second-factor.already-on", 409, Texts);
    internal static readonly ProblemCode NotBegun = new("second-factor.not-begun", 409, Texts);
    internal static readonly ProblemCode NotOn = new("second-factor.not-on", 409, Texts);
}

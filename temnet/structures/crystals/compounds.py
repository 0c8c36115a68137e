"""Compounds with their lattice constants at room temperature.

Elements and most compounds are listed in Wyckoff, Crystal Structures, 2nd ed., volumes 1 to 3
(Interscience, 1963-1965), and in the Springer Handbook of Condensed Matter and Materials Data
(2005); perovskites that are distorted at room temperature are listed as cubic with their
pseudocubic constant.  The tests compare them with the tables of other programs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from temnet.structures.crystals.prototypes import PROTOTYPES

COLUMNS = re.compile(r"\s{2,}")

TABLE = """
fcc           Al            Al           4.0496
fcc           Ni            Ni           3.5240
fcc           Cu            Cu           3.6149
fcc           Rh            Rh           3.8034
fcc           Pd            Pd           3.8907
fcc           Ag            Ag           4.0857
fcc           Ir            Ir           3.8392
fcc           Pt            Pt           3.9242
fcc           Au            Au           4.0782
fcc           Pb            Pb           4.9508
bcc           V             V            3.0240
bcc           Cr            Cr           2.8848
bcc           Fe            Fe           2.8665
bcc           Nb            Nb           3.3004
bcc           Mo            Mo           3.1470
bcc           Ta            Ta           3.3029
bcc           W             W            3.1652
hcp           Mg            Mg           3.2094 5.2108
hcp           Ti            Ti           2.9508 4.6855
hcp           Co            Co           2.5071 4.0695
hcp           Zn            Zn           2.6649 4.9468
hcp           Zr            Zr           3.2320 5.1470
hcp           Ru            Ru           2.7059 4.2815
hcp           Cd            Cd           2.9794 5.6186
hcp           Hf            Hf           3.1964 5.0511
hcp           Re            Re           2.7610 4.4560
diamond       diamond       C            3.5668
diamond       Si            Si           5.4310
diamond       Ge            Ge           5.6575
beta tin      Sn            Sn           5.8316 3.1815
zincblende    ZnS           Zn S         5.4093
zincblende    ZnSe          Zn Se        5.6676
zincblende    ZnTe          Zn Te        6.1026
zincblende    CdTe          Cd Te        6.4820
zincblende    AlAs          Al As        5.6611
zincblende    AlSb          Al Sb        6.1355
zincblende    GaP           Ga P         5.4505
zincblende    GaAs          Ga As        5.6533
zincblende    GaSb          Ga Sb        6.0959
zincblende    InP           In P         5.8687
zincblende    InAs          In As        6.0583
zincblende    InSb          In Sb        6.4794
zincblende    3C-SiC        Si C         4.3596
zincblende    c-BN          B N          3.6157
wurtzite      ZnO           Zn O         3.2498 5.2066      0.3819
wurtzite      GaN           Ga N         3.1890 5.1850      0.377
wurtzite      AlN           Al N         3.1120 4.9820      0.382
wurtzite      InN           In N         3.5378 5.7033      0.379
wurtzite      CdS           Cd S         4.1367 6.7161      0.377
wurtzite      CdSe          Cd Se        4.2999 7.0109      0.376
wurtzite      BeO           Be O         2.6980 4.3770      0.378
rocksalt      MgO           Mg O         4.2117
rocksalt      CaO           Ca O         4.8105
rocksalt      SrO           Sr O         5.1602
rocksalt      BaO           Ba O         5.5390
rocksalt      MnO           Mn O         4.4457
rocksalt      CoO           Co O         4.2615
rocksalt      NiO           Ni O         4.1770
rocksalt      EuO           Eu O         5.1410
rocksalt      NaCl          Na Cl        5.6402
rocksalt      KCl           K Cl         6.2929
rocksalt      LiF           Li F         4.0270
rocksalt      AgCl          Ag Cl        5.5491
rocksalt      PbS           Pb S         5.9362
rocksalt      PbSe          Pb Se        6.1243
rocksalt      PbTe          Pb Te        6.4591
rocksalt      TiC           Ti C         4.3274
rocksalt      TiN           Ti N         4.2417
rocksalt      VN            V N          4.1370
rocksalt      CrN           Cr N         4.1480
rocksalt      ZrN           Zr N         4.5770
rocksalt      NbC           Nb C         4.4698
rocksalt      TaC           Ta C         4.4555
CsCl          CsCl          Cs Cl        4.1230
CsCl          CsBr          Cs Br        4.2860
CsCl          NiAl          Ni Al        2.8870
CsCl          CoAl          Co Al        2.8620
CsCl          CuZn          Cu Zn        2.9590
CsCl          NiTi          Ni Ti        3.0150
NiAs          NiAs          Ni As        3.6190 5.0340
NiAs          CrSb          Cr Sb        4.1220 5.4640
NiAs          MnAs          Mn As        3.7240 5.7060
fluorite      CaF2          Ca F         5.4626
fluorite      SrF2          Sr F         5.7996
fluorite      BaF2          Ba F         6.2001
fluorite      CeO2          Ce O         5.4113
fluorite      ThO2          Th O         5.5970
fluorite      UO2           U O          5.4704
fluorite      c-ZrO2        Zr O         5.1400
antifluorite  Li2O          Li O         4.6114
antifluorite  Na2O          Na O         5.5500
antifluorite  Mg2Si         Mg Si        6.3510
antifluorite  Mg2Ge         Mg Ge        6.3930
antifluorite  Mg2Sn         Mg Sn        6.7650
cuprite       Cu2O          Cu O         4.2696
cuprite       Ag2O          Ag O         4.7360
pyrite        FeS2          Fe S         5.4179             0.3848
pyrite        CoS2          Co S         5.5385             0.3895
pyrite        NiS2          Ni S         5.6873             0.3945
rutile        TiO2          Ti O         4.5937 2.9587      0.3053
rutile        SnO2          Sn O         4.7374 3.1864      0.3056
rutile        RuO2          Ru O         4.4919 3.1066      0.3058
rutile        IrO2          Ir O         4.4983 3.1544      0.3077
rutile        MnO2          Mn O         4.3983 2.8730      0.3046
rutile        CrO2          Cr O         4.4219 2.9166      0.3030
rutile        MgF2          Mg F         4.6210 3.0159      0.3030
anatase       anatase       Ti O         3.7845 9.5143      0.2081
corundum      Al2O3         Al O         4.7589 12.991      0.3522 0.3063
corundum      Cr2O3         Cr O         4.9607 13.599      0.3475 0.3058
corundum      Fe2O3         Fe O         5.0356 13.749      0.3553 0.3056
corundum      V2O3          V O          4.9520 14.003      0.3463 0.3118
perovskite    SrTiO3        Sr Ti O      3.9051
perovskite    BaTiO3        Ba Ti O      4.0094
perovskite    CaTiO3        Ca Ti O      3.8200
perovskite    PbTiO3        Pb Ti O      3.9700
perovskite    KNbO3         K Nb O       4.0214
perovskite    KTaO3         K Ta O       3.9885
perovskite    BaZrO3        Ba Zr O      4.1930
perovskite    BaSnO3        Ba Sn O      4.1160
perovskite    SrRuO3        Sr Ru O      3.9300
perovskite    LaAlO3        La Al O      3.7900
perovskite    LaMnO3        La Mn O      3.8800
perovskite    CsPbBr3       Cs Pb Br     5.8740
perovskite    CsPbCl3       Cs Pb Cl     5.6050
spinel        MgAl2O4       Mg Al O      8.0831             0.2624
spinel        ZnAl2O4       Zn Al O      8.0860             0.2636
spinel        Co3O4         Co Co O      8.0837             0.2631
spinel        Fe3O4         Fe Fe O      8.3941             0.2549
spinel        ZnFe2O4       Zn Fe O      8.4411             0.2600
spinel        LiMn2O4       Li Mn O      8.2476             0.2625
chalcopyrite  CuFeS2        Cu Fe S      5.2890 10.423      0.2574
chalcopyrite  CuInSe2       Cu In Se     5.7840 11.616      0.2240
chalcopyrite  CuGaSe2       Cu Ga Se     5.6140 11.030      0.2500
Heusler       Cu2MnAl       Cu Mn Al     5.9490
Heusler       Co2MnSi       Co Mn Si     5.6540
Heusler       Ni2MnGa       Ni Mn Ga     5.8250
Cu3Au         Cu3Au         Cu Au        3.7493
Cu3Au         Ni3Al         Ni Al        3.5720
Cu3Au         Pt3Co         Pt Co        3.8310
CuAu          FePt          Fe Pt        2.7240 3.7130
CuAu          CoPt          Co Pt        2.6890 3.7010
CuAu          TiAl          Al Ti        2.8320 4.0700
A15           Nb3Sn         Nb Sn        5.2906
A15           V3Si          V Si         4.7253
2H            MoS2          Mo S         3.1604 12.295      0.6210
2H            WS2           W S          3.1532 12.323      0.6225
2H            MoSe2         Mo Se        3.2890 12.927      0.6210
2H            WSe2          W Se         3.2820 12.960      0.6211
2H            MoTe2         Mo Te        3.5190 13.964      0.6210
1T            TiS2          Ti S         3.4073 5.6953      0.2501
1T            TiSe2         Ti Se        3.5400 6.0080      0.2550
1T            SnS2          Sn S         3.6486 5.8992      0.2500
1T            HfS2          Hf S         3.6350 5.8370      0.2500
1T            PtS2          Pt S         3.5432 5.0388      0.2270
1T            PtSe2         Pt Se        3.7278 5.0813      0.2550
h-BN          h-BN          B N          2.5040 6.6612
graphite      graphite      C            2.4640 6.7110
LiCoO2        LiCoO2        Li Co O      2.8161 14.054      0.2395
LiCoO2        LiNiO2        Li Ni O      2.8783 14.194      0.2412
"""
"""Prototype, name, elements of its species, lengths of the cell [Å] and free coordinates."""


@dataclass(frozen=True)
class Compound:
    """A compound of a prototype.

    Attributes:
        name: Its formula, or its usual name.
        prototype: Name of its structure.
        elements: The element of each species, in the order of their letters.
        lengths: Lengths of the cell's first axis, and of its third if that differs [Å].
        free: Values of the free coordinates.
    """

    name: str
    prototype: str
    elements: tuple[str, ...]
    lengths: tuple[float, ...]
    free: tuple[float, ...] = field(default=())

    @property
    def element_of(self) -> Mapping[str, str]:
        """The element of each species' letter."""
        species = PROTOTYPES[self.prototype].species
        return dict(zip(species, self.elements, strict=True))

    @property
    def cell_lengths(self) -> tuple[float, float, float]:
        """Lengths of all three axes [Å]."""
        return self.lengths[0], self.lengths[0], self.lengths[-1]


def _read(line: str) -> Compound:
    prototype, name, elements, lengths, *free = COLUMNS.split(line.strip())
    return Compound(
        name,
        prototype,
        tuple(elements.split()),
        tuple(map(float, lengths.split())),
        tuple(float(value) for values in free for value in values.split()),
    )


COMPOUNDS = {one.name: one for one in map(_read, TABLE.strip().splitlines())}
"""Compounds by name."""
